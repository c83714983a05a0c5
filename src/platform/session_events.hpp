#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/task.hpp"
#include "hooks/registry.hpp"

namespace oap::platform {

/// Tells hooks of the sessions of this process: each begins once and ends once. The registry
/// outlives it. Used from one executor.
class SessionEvents {
 public:
  SessionEvents(hooks::Registry& hooks, Principal principal, std::string workspace)
      : hooks_(hooks), principal_(std::move(principal)), workspace_(std::move(workspace)) {}

  /// What hooks have for the model, the first time; then nothing.
  Task<std::vector<std::string>> begin(std::string session_id, bool continued, std::string model);
  /// Of all that have begun.
  Task<void> end();

 private:
  hooks::Registry& hooks_;
  Principal principal_;
  std::string workspace_;
  std::set<std::string> begun_;
};

}  // namespace oap::platform
