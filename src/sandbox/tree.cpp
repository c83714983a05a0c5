#include "sandbox/tree.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/auxv.h>

#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kDeepest = 24;  // what lies deeper comes nearer when its ancestors are gone

struct Walk {
  bool kill = false;
  bool written = false;
  bool children_files = true;  ///< the kernel has /proc/PID/task/TID/children
  TreeUse use;
};

/// "/proc/" number suffix
struct ProcPath {
  char text[64];

  OAP_AFTER_FORK ProcPath(pid_t pid, const char* suffix) {
    char digits[16];
    int count = 0;
    for (auto rest = static_cast<unsigned>(pid); count == 0 || rest > 0; rest /= 10) {
      digits[count++] = static_cast<char>('0' + rest % 10);
    }
    char* to = text;
    for (const char* from = "/proc/"; *from != '\0'; ++from) {
      *to++ = *from;
    }
    while (count > 0) {
      *to++ = digits[--count];
    }
    while (*suffix != '\0') {
      *to++ = *suffix++;
    }
    *to = '\0';
  }
};

OAP_AFTER_FORK bool is_digit(char c) { return c >= '0' && c <= '9'; }

OAP_AFTER_FORK pid_t number_of(const char* name) {
  std::int64_t value = 0;
  for (; is_digit(*name); ++name) {
    value = value * 10 + (*name - '0');
  }
  return *name == '\0' ? static_cast<pid_t>(value) : 0;
}

/// The second number of /proc/PID/statm, in bytes.
OAP_AFTER_FORK std::uint64_t resident_bytes(pid_t pid) {
  const ProcPath path(pid, "/statm");
  const int fd = raw::open_at(AT_FDCWD, path.text, O_RDONLY);
  if (fd < 0) {
    return 0;
  }
  char text[128];
  const long size = raw::read(fd, text, sizeof text);
  raw::close(fd);
  long at = 0;
  while (at < size && text[at] != ' ') {
    ++at;
  }
  std::uint64_t pages = 0;
  for (++at; at < size && is_digit(text[at]); ++at) {
    pages = pages * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  return pages * ::getauxval(AT_PAGESZ);
}

/// write_bytes in /proc/PID/io: its own and that of the children it has waited for.
OAP_AFTER_FORK std::uint64_t written_bytes(pid_t pid) {
  const ProcPath path(pid, "/io");
  const int fd = raw::open_at(AT_FDCWD, path.text, O_RDONLY);
  if (fd < 0) {
    return 0;
  }
  constexpr char kKey[] = "\nwrite_bytes: ";
  char text[512];
  const long size = raw::read(fd, text, sizeof text);
  raw::close(fd);
  std::uint64_t bytes = 0;
  long matched = 0;
  for (long at = 0; at < size; ++at) {
    if (kKey[matched] == '\0') {
      for (; at < size && is_digit(text[at]); ++at) {
        bytes = bytes * 10 + static_cast<std::uint64_t>(text[at] - '0');
      }
      break;
    }
    matched = text[at] == kKey[matched] ? matched + 1 : (text[at] == kKey[0] ? 1 : 0);
  }
  return bytes;
}

/// The parent in /proc/PID/stat: the second field after the last ')'.
OAP_AFTER_FORK pid_t parent_of(pid_t pid) {
  const ProcPath path(pid, "/stat");
  const int fd = raw::open_at(AT_FDCWD, path.text, O_RDONLY);
  if (fd < 0) {
    return 0;
  }
  char text[512];
  const long size = raw::read(fd, text, sizeof text);
  raw::close(fd);
  long at = size - 1;
  while (at > 0 && text[at] != ')') {
    --at;
  }
  pid_t parent = 0;
  for (at += 4; at < size && is_digit(text[at]); ++at) {
    parent = parent * 10 + (text[at] - '0');
  }
  return parent;
}

void visit_children(Walk& walk, pid_t pid, int depth);

OAP_AFTER_FORK void visit(Walk& walk, pid_t pid, int depth) {
  if (walk.kill) {
    raw::kill(pid, SIGKILL);
  } else {
    ++walk.use.processes;
    walk.use.resident_bytes += resident_bytes(pid);
    walk.use.written_bytes += walk.written ? written_bytes(pid) : 0;
  }
  visit_children(walk, pid, depth + 1);
}

/// Reads the pids in a /proc/PID/task/TID/children file, then visits them.
OAP_AFTER_FORK void visit_listed(Walk& walk, int fd, int depth) {
  char text[512];
  pid_t pid = 0;
  while (true) {
    const long size = raw::read(fd, text, sizeof text);
    if (size <= 0) {
      break;
    }
    for (long i = 0; i < size; ++i) {
      if (is_digit(text[i])) {
        pid = pid * 10 + (text[i] - '0');
      } else if (pid > 0) {
        visit(walk, pid, depth);
        pid = 0;
      }
    }
  }
  if (pid > 0) {
    visit(walk, pid, depth);
  }
}

template <class Function>
OAP_AFTER_FORK void for_each_number(int directory, Function& function) {
  alignas(raw::Listed) char buffer[1024];
  while (true) {
    const long size = raw::call(SYS_getdents64, directory, buffer, sizeof buffer);
    if (size <= 0) {
      return;
    }
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const raw::Listed*>(buffer + at);
      if (const pid_t number = number_of(entry->name); number > 0) {
        function(number, entry->name);
      }
      at += entry->size;
    }
  }
}

struct VisitThread {
  Walk& walk;
  int tasks;
  int depth;

  OAP_AFTER_FORK void operator()(pid_t, const char* name) const {
    const int thread = raw::open_at(tasks, name, O_RDONLY | O_DIRECTORY);
    if (thread < 0) {
      return;
    }
    const int fd = raw::open_at(thread, "children", O_RDONLY);
    raw::close(thread);
    if (fd >= 0) {
      visit_listed(walk, fd, depth);
      raw::close(fd);
    }
  }
};

struct VisitIfChild {
  Walk& walk;
  pid_t parent;
  int depth;

  OAP_AFTER_FORK void operator()(pid_t pid, const char*) const {
    if (parent_of(pid) == parent) {
      visit(walk, pid, depth);
    }
  }
};

OAP_AFTER_FORK void visit_children(Walk& walk, pid_t pid, int depth) {
  if (depth > kDeepest) {
    return;
  }
  if (!walk.children_files) {
    const int proc = raw::open_at(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
    VisitIfChild visit_if_child{walk, pid, depth};
    for_each_number(proc, visit_if_child);
    raw::close(proc);
    return;
  }
  const ProcPath path(pid, "/task");
  const int tasks = raw::open_at(AT_FDCWD, path.text, O_RDONLY | O_DIRECTORY);
  if (tasks >= 0) {
    VisitThread visit_thread{walk, tasks, depth};
    for_each_number(tasks, visit_thread);
    raw::close(tasks);
  }
}

/// Every descendant of root, once.
OAP_AFTER_FORK void walk_tree(Walk& walk, pid_t root) {
  const int probe = raw::open_at(AT_FDCWD, "/proc/thread-self/children", O_RDONLY);
  walk.children_files = probe >= 0;
  if (probe >= 0) {
    raw::close(probe);
  }
  visit_children(walk, root, 0);
}

}  // namespace

OAP_AFTER_FORK TreeUse measure_tree(pid_t root, bool written) {
  Walk walk;
  walk.written = written;
  walk_tree(walk, root);
  return walk.use;
}

OAP_AFTER_FORK void kill_tree(pid_t root) {
  Walk walk;
  walk.kill = true;
  walk_tree(walk, root);
}

}  // namespace oap::sandbox
