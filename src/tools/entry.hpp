#pragma once

#include <memory>
#include <stop_token>
#include <string_view>

#include "async/blocking_pool.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "mcp/tool.hpp"
#include "tools/context.hpp"
#include "tools/workspace.hpp"

namespace oap::tools {

/// What all tools of one server share. Lives as long as they do.
struct Shared {
  Context context;
  Workspace workspace;
  std::unique_ptr<async::BlockingPool> blocking;  ///< for work on files
};

/// One row of the table in builtin.cpp: what models are told of a tool, and how it is made.
struct Entry {
  json::Object definition;
  std::unique_ptr<mcp::Tool> (*make)(json::Object definition, std::shared_ptr<const Shared> shared);
};

/// What a tool does to its world, for the hints in its definition.
enum class Effect { kReads, kWrites, kRunsAnything };

/// The MCP Tool object: the description is the embedded file `NAME.md`, `properties` and `required`
/// are JSON texts of the input schema (2020-12, no further properties allowed).
json::Object define(std::string_view name, std::string_view title, Effect effect,
                    std::string_view properties, std::string_view required);

/// A tool's work on files: blocking, so it runs on a thread of its own. An Error becomes a result
/// with `is_error` that the model reads. Checks `stop` in every loop that may be long.
using FileFunction = Result<ToolResult> (*)(const Workspace& workspace,
                                            const json::Value& arguments,
                                            const std::stop_token& stop);

std::unique_ptr<mcp::Tool> make_file_tool(json::Object definition,
                                          std::shared_ptr<const Shared> shared,
                                          FileFunction function);

template <FileFunction Function>
std::unique_ptr<mcp::Tool> file_tool(json::Object definition,
                                     std::shared_ptr<const Shared> shared) {
  return make_file_tool(std::move(definition), std::move(shared), Function);
}

/// Adds a remark for the model as a further text block; nothing where it is empty.
void add_remark(ToolResult& result, std::string_view remark);

}  // namespace oap::tools
