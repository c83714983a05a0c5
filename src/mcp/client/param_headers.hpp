#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "mcp/mirror.hpp"
#include "net/headers.hpp"

namespace oap::mcp {

/// A header value as it is, or `=?base64?…?=` where it could not stand in a header or would be
/// taken for an encoded one. Source: MCP 2026-07-28, basic/transports/streamable-http, value
/// encoding.
std::string encode_header_value(std::string_view value);

/// The headers for these arguments; absent and null values, and those of another type than a header
/// can hold, have none.
net::HeaderList mirror_params(const std::vector<MirroredParam>& declared,
                              const json::Object& arguments);

}  // namespace oap::mcp
