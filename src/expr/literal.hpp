#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::expr {

/// The value of the text between the quotes of a string or bytes literal that is not raw (cel-spec,
/// "String and Bytes Values"). In strings \x41 and \101 are code points, in bytes octets. Errors
/// are kInvalidArgument without a place. Pure.
Result<std::string> unescape(std::string_view body, bool bytes);

/// A string or bytes literal in double quotes that reads back as the text. Pure.
std::string quote_string(std::string_view text);
std::string quote_bytes(std::string_view data);

}  // namespace oap::expr
