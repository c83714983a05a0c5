#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "sandbox/spec.hpp"
#include "tools/agent_context.hpp"

namespace oap::tools {

/// What the built-in tools work with. Data, given once when the server starts.
struct Context {
  std::string workspace;                ///< an existing directory
  std::vector<std::string> more_roots;  ///< further directories the file tools may touch
  sandbox::Spec child;                  ///< what holds for each child process
  Executor executor;
  std::optional<AgentContext> agent = {};  ///< with it: skill, read_output, run_command
};

}  // namespace oap::tools
