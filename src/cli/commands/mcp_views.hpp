#pragma once

#include <map>
#include <string>

#include "cli/args.hpp"
#include "platform/platform.hpp"

namespace oap::cli {

// The commands below `oap mcp` that talk to servers; each gives its exit code. `executor` is the
// loop's. The platform outlives them.

/// How every server is; asks them side by side, and one that does not answer hides no other.
Task<int> list_servers(platform::Platform& platform, Executor executor, McpArgs args, bool as_json);
Task<int> list_tools(platform::Platform& platform, McpArgs args, bool as_json);
Task<int> list_resources(platform::Platform& platform, McpArgs args, bool as_json);
Task<int> list_prompts(platform::Platform& platform, McpArgs args, bool as_json);
Task<int> inspect(platform::Platform& platform, McpArgs args, bool as_json);

/// Governed: a tool call, resources/read, prompts/get. Shows progress and asks questions on a
/// terminal.
Task<int> call_tool(platform::Platform& platform, Executor executor, McpArgs args, bool as_json);
Task<int> read_resource(platform::Platform& platform, Executor executor, McpArgs args,
                        bool as_json);
Task<int> get_prompt(platform::Platform& platform, Executor executor, McpArgs args, bool as_json);

Deadline deadline_of(const McpArgs& args);
/// The first line, with nothing hidden in it.
std::string first_line(std::string_view text);
/// Reports what could not be listed on stderr. The exit code: 5 where the server that was asked for
/// is among them.
int tell_missing(const std::map<std::string, std::string>& missing, const std::string& asked);
json::Object missing_json(const std::map<std::string, std::string>& missing);

}  // namespace oap::cli
