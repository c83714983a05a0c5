#pragma once

#include "sandbox/supervisor.hpp"

namespace oap::sandbox {

/// How a child is kept from the network.
enum class NetworkCut {
  kNo,
  kNamespace,      ///< a network namespace, as root may make it
  kUserNamespace,  ///< one within a user namespace, in which the user stays who it is
};

/// What the child tells the supervisor before it becomes its program: a failure, or, with kNone,
/// that it has no network.
struct LaunchNote {
  Stage stage = Stage::kNone;
  std::int32_t error = 0;  ///< -errno
};

/// Runs in the child: applies the plan and executes the program. Descriptors 0 to 2 are in place,
/// all others close on exec. It may share the supervisor's memory (as after vfork), but not for
/// kUserNamespace. Ends with a kNetwork note where the cut cannot be had.
[[noreturn]] void become_program(const LaunchPlan& plan, NetworkCut cut, int notes);

void default_signal_action(int signal_number);

}  // namespace oap::sandbox
