#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/plan.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

/// The control groups in which this process may make one for a child. Found once, then a value.
struct GroupHome {
  std::optional<std::string> unified;  ///< cgroup v2: the directory for children
  std::optional<std::string> memory;   ///< cgroup v1, by controller
  std::optional<std::string> cpu;
  std::optional<std::string> pids;
  bool unified_memory = false;  ///< controllers that `unified` has
  bool unified_cpu = false;
  bool unified_pids = false;
};

/// Reads texts of /proc/self/cgroup and /proc/self/mountinfo. `root` is put before every mount
/// point, for tests. Only directories that this process may write count.
GroupHome find_groups(const std::string& cgroup, const std::string& mountinfo,
                      const std::string& root = "");

/// That of this process. Directories that dead processes of this program left there are removed
/// when it is first asked. Thread-safe.
const GroupHome& group_home();

/// The control groups of one child, with the text that the plan points to.
class Groups {
 public:
  Groups(const GroupHome& home, const Limits& limits, const std::string& name);
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;

  std::vector<GroupPlan> plans;

 private:
  const char* keep(std::string text);
  void plan_unified(const GroupHome& home, const Limits& limits, const std::string& name);
  void plan_former(const GroupHome& home, const Limits& limits, const std::string& name);
  std::deque<std::string> texts_;
};

}  // namespace oap::sandbox
