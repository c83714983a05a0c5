#include "sandbox/groups.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <signal.h>
#include <unistd.h>

#include "os/file.hpp"

namespace oap::sandbox {
namespace {

constexpr std::string_view kPrefix = "oap-";
constexpr int kPeriod = 100'000;  // microseconds

struct Mount {
  std::string root;
  std::string point;
  std::string type;
  std::string options;
};

std::vector<Mount> read_mounts(const std::string& mountinfo) {
  std::vector<Mount> mounts;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Mount mount;
    std::string word;
    words >> word >> word >> word >> mount.root >> mount.point >> word;
    while (words >> word && word != "-") {
    }
    words >> mount.type >> word >> mount.options;
    if (mount.type == "cgroup" || mount.type == "cgroup2") {
      mounts.push_back(std::move(mount));
    }
  }
  return mounts;
}

bool has_word(const std::string& text, std::string_view word, char separator) {
  std::istringstream words(text);
  for (std::string each; std::getline(words, each, separator);) {
    if (each == word) {
      return true;
    }
  }
  return false;
}

/// Where the group `own` lies below a mount of its hierarchy.
std::string directory_of(const Mount& mount, const std::string& own) {
  std::string below = own;
  if (mount.root != "/" && below.starts_with(mount.root)) {
    below.erase(0, mount.root.size());
  }
  return mount.point + (below == "/" ? "" : below);
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool is_writable(const std::string& directory) {
  return ::access(directory.c_str(), W_OK) == 0 &&
         ::access((directory + "/cgroup.procs").c_str(), W_OK) == 0;
}

/// Children of a group with processes get no controllers (but of the root group): they go beside.
void use_unified(GroupHome& home, const Mount& mount, const std::string& own,
                 const std::string& root) {
  const std::string here = root + directory_of(mount, own);
  const bool top = !os::exists(here + "/cgroup.type");
  const std::string place = top || here == root + mount.point ? here : parent_of(here);
  if (!is_writable(place)) {
    return;
  }
  std::string controllers = os::read_file(place + "/cgroup.subtree_control").value_or("");
  std::replace(controllers.begin(), controllers.end(), '\n', ' ');
  home.unified_memory = has_word(controllers, "memory", ' ');
  home.unified_cpu = has_word(controllers, "cpu", ' ');
  home.unified_pids = has_word(controllers, "pids", ' ');
  if (home.unified_memory || home.unified_cpu || home.unified_pids) {
    home.unified = place;
  }
}

void use_former(GroupHome& home, const Mount& mount, const std::string& own,
                const std::string& root) {
  const std::string here = root + directory_of(mount, own);
  if (!is_writable(here)) {
    return;
  }
  const auto take = [&](std::string_view controller, std::optional<std::string>& to) {
    if (!to && has_word(mount.options, controller, ',')) {
      to = here;
    }
  };
  take("memory", home.memory);
  take("cpu", home.cpu);
  take("pids", home.pids);
}

bool is_alive(std::string_view name) {
  name.remove_prefix(kPrefix.size());
  pid_t pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  return parsed.ec != std::errc() || pid <= 0 || ::kill(pid, 0) == 0 || errno != ESRCH;
}

void remove_leftovers(const std::optional<std::string>& place) {
  if (!place) {
    return;
  }
  const auto names = os::list_dir(*place);
  if (!names) {
    return;
  }
  for (const std::string& name : *names) {
    if (name.starts_with(kPrefix) && !is_alive(name)) {
      ::rmdir((*place + "/" + name).c_str());
    }
  }
}

GroupHome own_home() {
  GroupHome home = find_groups(os::read_file("/proc/self/cgroup").value_or(""),
                               os::read_file("/proc/self/mountinfo").value_or(""));
  for (const auto* place : {&home.unified, &home.memory, &home.cpu, &home.pids}) {
    remove_leftovers(*place);
  }
  return home;
}

void add_file(GroupPlan& plan, const char* name, const char* value, bool optional = false) {
  plan.files[plan.file_count++] = {name, value, optional};
}

}  // namespace

GroupHome find_groups(const std::string& cgroup, const std::string& mountinfo,
                      const std::string& root) {
  GroupHome home;
  const std::vector<Mount> mounts = read_mounts(mountinfo);
  std::istringstream lines(cgroup);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string own = line.substr(second + 1);
    for (const Mount& mount : mounts) {
      if (controllers.empty() && mount.type == "cgroup2") {
        use_unified(home, mount, own, root);
      } else if (!controllers.empty() && mount.type == "cgroup" &&
                 has_word(mount.options, controllers.substr(0, controllers.find(',')), ',')) {
        use_former(home, mount, own, root);
      }
    }
  }
  return home;
}

const GroupHome& group_home() {
  static const GroupHome kHome = own_home();
  return kHome;
}

Groups::Groups(const GroupHome& home, const Limits& limits, const std::string& name) {
  plan_unified(home, limits, name);
  plan_former(home, limits, name);
}

const char* Groups::keep(std::string text) { return texts_.emplace_back(std::move(text)).c_str(); }

void Groups::plan_unified(const GroupHome& home, const Limits& limits, const std::string& name) {
  if (!home.unified) {
    return;
  }
  GroupPlan plan;
  plan.directory = keep(*home.unified + "/" + name);
  if (limits.memory_bytes && home.unified_memory) {
    add_file(plan, "memory.max", keep(std::to_string(*limits.memory_bytes)));
    add_file(plan, "memory.swap.max", "0", true);
    add_file(plan, "memory.oom.group", "1", true);
    plan.memory_events = keep(*home.unified + "/" + name + "/memory.events");
    plan.facts |= kFactMemory;
  }
  if (limits.cpu_percent && home.unified_cpu) {
    add_file(plan, "cpu.max",
             keep(std::to_string(*limits.cpu_percent * (kPeriod / 100)) + " " +
                  std::to_string(kPeriod)));
    plan.facts |= kFactCpu;
  }
  if (limits.processes && home.unified_pids) {
    add_file(plan, "pids.max", keep(std::to_string(*limits.processes)));
    plan.pids_events = keep(*home.unified + "/" + name + "/pids.events");
    plan.facts |= kFactPids;
  }
  if (plan.facts != 0) {
    plans.push_back(plan);
  }
}

void Groups::plan_former(const GroupHome& home, const Limits& limits, const std::string& name) {
  if (limits.memory_bytes && home.memory) {
    const char* bytes = keep(std::to_string(*limits.memory_bytes));
    GroupPlan plan;
    plan.directory = keep(*home.memory + "/" + name);
    add_file(plan, "memory.limit_in_bytes", bytes);
    add_file(plan, "memory.memsw.limit_in_bytes", bytes, true);
    add_file(plan, "memory.swappiness", "0", true);
    plan.memory_events = keep(*home.memory + "/" + name + "/memory.oom_control");
    plan.facts = kFactMemory;
    plans.push_back(plan);
  }
  if (limits.cpu_percent && home.cpu) {
    GroupPlan plan;
    plan.directory = keep(*home.cpu + "/" + name);
    add_file(plan, "cpu.cfs_period_us", keep(std::to_string(kPeriod)));
    add_file(plan, "cpu.cfs_quota_us", keep(std::to_string(*limits.cpu_percent * (kPeriod / 100))));
    plan.facts = kFactCpu;
    plans.push_back(plan);
  }
  if (limits.processes && home.pids) {
    GroupPlan plan;
    plan.directory = keep(*home.pids + "/" + name);
    add_file(plan, "pids.max", keep(std::to_string(*limits.processes)));
    plan.pids_events = keep(*home.pids + "/" + name + "/pids.events");
    plan.facts = kFactPids;
    plans.push_back(plan);
  }
}

}  // namespace oap::sandbox
