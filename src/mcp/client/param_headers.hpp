#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "net/headers.hpp"

namespace oap::mcp {

/// A header value as it is, or `=?base64?…?=` where it could not stand in a header or would be
/// taken for an encoded one. Source: MCP 2026-07-28, basic/transports/streamable-http, value
/// encoding.
std::string encode_header_value(std::string_view value);

/// One parameter of a tool that is mirrored into an HTTP header.
struct ParamHeader {
  std::string name;               ///< the header's: Mcp-Param-…
  std::vector<std::string> path;  ///< member names from the arguments down
};

/// The `x-mcp-header` declarations of an input schema; kUpstream, with the reason, where one of
/// them breaks the rules, and the tool must not be used over HTTP. Source: as above, schema
/// extension.
Result<std::vector<ParamHeader>> read_param_headers(const json::Object& input_schema);

/// The headers for these arguments; absent and null values, and those of another type than a header
/// can hold, have none.
net::HeaderList mirror_params(const std::vector<ParamHeader>& declared,
                              const json::Object& arguments);

}  // namespace oap::mcp
