#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/spec.hpp"
#include "tools/agent_context.hpp"

namespace oap::tools {

struct ServeOptions {
  std::string workspace;
  std::vector<std::string> more_roots;     ///< further directories the file tools may touch
  sandbox::Spec child;                     ///< what holds for each child process
  std::vector<std::string> capabilities;   ///< see tools_of_capabilities; empty = all
  std::optional<AgentContext> agent = {};  ///< with it: the tools for agents too
};

/// The body of `oap mcp-server sandbox`: serves the built-in tools on stdin and stdout until the
/// input ends. Returns the process's exit code; what goes wrong is said on stderr. Anything else
/// that is written to descriptor 1 meanwhile lands on stderr, so that the protocol stays clean.
int serve_sandbox(const ServeOptions& options);

}  // namespace oap::tools
