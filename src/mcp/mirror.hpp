#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::mcp {

/// An argument of a tool that HTTP requests repeat in a header (`x-mcp-header`). Data.
/// Source: MCP 2026-07-28, basic/transports/streamable-http, Custom Headers from Tool Parameters.
struct MirroredParam {
  std::string header;             ///< "Mcp-Param-Region"
  std::vector<std::string> path;  ///< member names from `arguments` down
};

/// The `x-mcp-header` declarations of an input schema: a token, unique whatever the case, at a
/// string, integer or boolean (perhaps or null) that `properties` alone lead to. kUpstream, with
/// the reason, where one of them breaks the rules; clients must not use the tool over HTTP then.
/// Pure.
Result<std::vector<MirroredParam>> read_mirrored(const json::Object& input_schema);

}  // namespace oap::mcp
