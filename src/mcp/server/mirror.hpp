#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "mcp/mirror.hpp"

namespace oap::mcp {

/// What the tool's inputSchema asks to be mirrored; nothing where it breaks the rules, since no
/// client may use the tool over HTTP then. Pure.
std::vector<MirroredParam> mirrored_params(const json::Object& input_schema);

/// What a header field says: the text between `=?base64?` and `?=` decoded, any other as it stands.
/// Nothing where it is no valid Base64, no UTF-8, or holds what a field must not. Pure.
std::optional<std::string> decode_header_value(std::string_view value);

/// Whether a decoded header says the same as the value of the body: strings as they are, numbers by
/// value, booleans as true and false. Pure.
bool header_equals(std::string_view header, const json::Value& body);

}  // namespace oap::mcp
