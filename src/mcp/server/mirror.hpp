#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap::mcp {

/// An argument of a tool that HTTP requests repeat in a header (`x-mcp-header`). Data.
/// Source: MCP 2026-07-28, basic/transports/streamable-http, Custom Headers from Tool Parameters.
struct MirroredParam {
  std::string header;             ///< "Mcp-Param-Region"
  std::vector<std::string> path;  ///< member names from `arguments` down
};

/// The annotated properties of a tool's inputSchema that obey the rules: a token, unique whatever
/// the case, of a string, integer or boolean, reached through `properties` alone. Pure.
std::vector<MirroredParam> mirrored_params(const json::Object& input_schema);

/// What a header field says: the text between `=?base64?` and `?=` decoded, any other as it stands.
/// Nothing where it is no valid Base64, no UTF-8, or holds what a field must not. Pure.
std::optional<std::string> decode_header_value(std::string_view value);

/// Whether a decoded header says the same as the value of the body: strings as they are, numbers by
/// value, booleans as true and false. Pure.
bool header_equals(std::string_view header, const json::Value& body);

}  // namespace oap::mcp
