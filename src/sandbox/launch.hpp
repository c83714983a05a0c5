#pragma once

#include "sandbox/groups_run.hpp"
#include "sandbox/plan.hpp"

namespace oap::sandbox {

/// How a child is kept from the network where it has no private root.
enum class NetworkCut {
  kNo,
  kNamespace,      ///< a network namespace, as root may make it
  kUserNamespace,  ///< one within a user namespace, in which the user stays who it is
};

/// All that the last process before the program needs. It may share its parent's memory.
struct Entry {
  const LaunchPlan* plan = nullptr;
  const GroupsHeld* groups = nullptr;
  GroupsHeld own_groups;  ///< of an init: those that were handed to it
  NetworkCut cut = NetworkCut::kNo;
  int notes = -1;
  int others = -1;                  ///< the supervisor's end of them, which an init is cloned with
  std::uint32_t facts = 0;          ///< those that hold already
  bool rooted = false;              ///< in its private root and namespaces
  bool own_user_namespace = false;  ///< was cloned into one
  int host_proc = -1;
  int upper = -1;                  ///< as RootResult::upper
  std::uint64_t host_network = 0;  ///< the inode of the supervisor's network namespace
  bool failed = false;             ///< set by the child where it ends without its program
};

/// Becomes the program of the Entry. Descriptors 0 to 2 are in place, all others close on exec.
/// Tells kReady just before, or kFailed. With kUserNamespace it must not share memory.
[[noreturn]] void become_program(Entry& entry);

/// The user of the calling process, in a user namespace just made, keeps its number.
bool map_user(const LaunchPlan& plan, int proc);

/// Brings up loopback in a new network namespace.
void raise_loopback();

void default_signal_action(int signal_number);

[[noreturn]] void fail_launch(Entry& entry, Stage stage, long error, int where = -1);

}  // namespace oap::sandbox
