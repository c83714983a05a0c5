#pragma once

#include <string>

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::programs {

/// A call of ours in the words of Claude Code, which hook programs know.
struct ShownCall {
  std::string tool;  ///< "Bash", "Read", "mcp__github__get_issue"; a tool without a name there has
                     ///< its own
  json::Object input;  ///< in that tool's shape: absolute paths, times in milliseconds
};
/// `cwd`: what relative paths are relative to. Python code is shown as the Bash command that runs
/// it, so that who watches commands sees it. Pure.
ShownCall shown_call(const ToolCall& call, const std::string& cwd);

/// The arguments of ours for an input that a program has put in the place of the shown one: what it
/// did not change stays as the call has it. kInvalidArgument where the tool cannot do what is
/// asked. Pure.
Result<json::Object> changed_arguments(const ToolCall& call, const ShownCall& shown,
                                       const json::Object& updated);

/// The result in the form that the tool has there (`tool_response`). Pure.
json::Value shown_response(const ToolCall& call, const ShownCall& shown, const ToolResult& result);

/// The other way: a program's `updatedToolOutput` as a result of ours. Pure.
ToolResult result_of(const json::Value& updated, const ToolResult& before);

}  // namespace oap::programs
