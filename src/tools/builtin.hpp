#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "mcp/tool.hpp"
#include "tools/context.hpp"

namespace oap::tools {

/// The tools of the built-in server, ready to be served; an error where the workspace cannot be
/// opened. They share one Context and may outlive it.
Result<std::vector<std::unique_ptr<mcp::Tool>>> builtin_tools(const Context& context);

/// What models are told of them (server kBuiltinServer), without starting anything.
std::vector<ToolSpec> builtin_specs();

/// What agents are offered beside them: skill, read_output, run_command.
std::vector<ToolSpec> agent_specs();
/// Adds their names to those that are served; run_command only where bash is.
void add_agent_tools(std::vector<std::string>& names);

/// The names of the tools that a server's `capabilities` name: `bash`, `python`, `file_ops` (all
/// that work on files), or single tools; all where the list is empty. kConfiguration names an
/// unknown one.
Result<std::vector<std::string>> tools_of_capabilities(
    const std::vector<std::string>& capabilities);

}  // namespace oap::tools
