#pragma once

#include <string>
#include <vector>

#include "sandbox/run.hpp"
#include "tools/entry.hpp"

namespace oap::tools {

/// What one call of a command tool runs.
struct Command {
  std::vector<std::string> argv;
  std::string input;
  std::map<std::string, std::string> env;
};

/// Makes a command of the call's arguments. Pure.
using CommandFunction = Command (*)(const json::Value& arguments);

/// A tool that runs one program in the workspace, each call in a sandbox of its own. Its result has
/// the merged output as text and, structured, {exit_code, output, timed_out, truncated, isolation,
/// and warnings where there are any, and `dropped` where changes of a caller that only looks were
/// thrown away}, with `separate_stderr` also {stderr}; a code other than 0 and
/// a timeout set `is_error`. `arguments.timeout` is in seconds, `arguments.env` is added to the
/// environment, the call's key is OAP_IDEMPOTENCY_KEY in it. While it runs it reports progress, so
/// that a waiting client knows that it lives.
std::unique_ptr<mcp::Tool> make_command_tool(json::Object definition,
                                             std::shared_ptr<const Shared> shared,
                                             CommandFunction function);

template <CommandFunction Function>
std::unique_ptr<mcp::Tool> command_tool(json::Object definition,
                                        std::shared_ptr<const Shared> shared) {
  return make_command_tool(std::move(definition), std::move(shared), Function);
}

/// The result of a finished program. Pure.
ToolResult result_of(sandbox::Output output, Millis timeout);

}  // namespace oap::tools
