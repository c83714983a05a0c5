#pragma once

#include "sandbox/guard_watch.hpp"
#include "sandbox/launch.hpp"
#include "sandbox/placeholders.hpp"

namespace oap::sandbox {

// Where the supervisor keeps its descriptors; 0 to 2 are the child's until it runs.
inline constexpr int kStatus = 3;
inline constexpr int kLife = 4;
inline constexpr int kIdmap = 5;
inline constexpr int kListener = 6;
inline constexpr int kFirstFree = 7;

/// A program that has been started.
struct Started {
  pid_t pid = 0;   ///< as this process sees it
  pid_t init = 0;  ///< the first process of its pid namespace, or 0
  int notes = -1;  ///< from which kEnded comes, where there is an init
  Namespaces namespaces;
  std::uint32_t facts = 0;
  LaunchNote failure;
};

/// Makes the plan's control groups and, for a child in a private root, puts its placeholders;
/// starts its program as well confined as the kernel lets it be. `failure` says where that went
/// wrong; what was made is there all the same.
Started start_child(const LaunchPlan& plan, GroupsHeld& groups, Placeholders& placeholders);

void tell(const Report& report);
[[noreturn]] void give_up(Stage stage, long error, std::uint32_t facts = 0, int where = -1);

/// The note that an ended init has left, if any.
bool read_ended(int notes, int& status);

}  // namespace oap::sandbox
