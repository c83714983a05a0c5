#include "sandbox/groups_run.hpp"

#include <time.h>

#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kTries = 50;
constexpr long kPauseNs = 1'000'000;

OAP_AFTER_FORK void nap() {
  const timespec pause{0, kPauseNs};
  raw::call(SYS_nanosleep, &pause, nullptr);
}

OAP_AFTER_FORK bool starts_with(const char* text, long size, const char* prefix) {
  long at = 0;
  for (; prefix[at] != '\0'; ++at) {
    if (at >= size || text[at] != prefix[at]) {
      return false;
    }
  }
  return true;
}

/// The number after `key` at the start of a line of a small file.
OAP_AFTER_FORK std::uint64_t value_in(const char* path, const char* key) {
  const int fd = raw::open_at(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) {
    return 0;
  }
  char text[512];
  const long size = raw::read(fd, text, sizeof text);
  raw::close(fd);
  bool line_start = true;
  for (long at = 0; at < size; ++at) {
    if (line_start && starts_with(text + at, size - at, key)) {
      std::uint64_t value = 0;
      for (at += static_cast<long>(raw::length(key));
           at < size && text[at] >= '0' && text[at] <= '9'; ++at) {
        value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
      }
      return value;
    }
    line_start = text[at] == '\n';
  }
  return 0;
}

OAP_AFTER_FORK bool fill(int directory, const GroupPlan& plan) {
  for (std::size_t i = 0; i < plan.file_count; ++i) {
    const GroupFile& file = plan.files[i];
    if (raw::write_file(directory, file.name, file.value) < 0 && !file.optional) {
      return false;
    }
  }
  return true;
}

OAP_AFTER_FORK int make_group(const GroupPlan& plan) {
  const long made = raw::call(SYS_mkdirat, AT_FDCWD, plan.directory, 0755);
  if (made < 0 && made != -EEXIST) {
    return -1;
  }
  const int directory = raw::open_at(AT_FDCWD, plan.directory, O_PATH | O_DIRECTORY);
  int procs = -1;
  if (directory >= 0 && fill(directory, plan)) {
    procs = raw::open_at(directory, plan.entry, O_WRONLY);
  }
  raw::close(directory);
  if (procs < 0) {
    raw::call(SYS_unlinkat, AT_FDCWD, plan.directory, AT_REMOVEDIR);
  }
  return procs;
}

}  // namespace

OAP_AFTER_FORK void make_groups(Span<GroupPlan> groups, GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    held.procs[i] = make_group(groups.data[i]);
  }
}

OAP_AFTER_FORK std::uint32_t enter_groups(Span<GroupPlan> groups, const GroupsHeld& held) {
  std::uint32_t facts = 0;
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] >= 0 && raw::write(held.procs[i], "0", 1) == 1) {
      facts |= groups.data[i].facts;
    }
  }
  return facts;
}

OAP_AFTER_FORK void remove_groups(Span<GroupPlan> groups, const GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] < 0) {
      continue;
    }
    raw::close(held.procs[i]);
    for (int attempt = 0; attempt < kTries; ++attempt) {
      const long done = raw::call(SYS_unlinkat, AT_FDCWD, groups.data[i].directory, AT_REMOVEDIR);
      if (done != -EBUSY) {
        break;
      }
      nap();
    }
  }
}

OAP_AFTER_FORK std::uint64_t count_memory_kills(Span<GroupPlan> groups, const GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] >= 0 && groups.data[i].memory_events != nullptr) {
      return value_in(groups.data[i].memory_events, "oom_kill ");
    }
  }
  return 0;
}

OAP_AFTER_FORK std::uint64_t count_refused_forks(Span<GroupPlan> groups, const GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] >= 0 && groups.data[i].pids_events != nullptr) {
      return value_in(groups.data[i].pids_events, "max ");
    }
  }
  return 0;
}

}  // namespace oap::sandbox
