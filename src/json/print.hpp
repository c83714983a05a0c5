#pragma once

#include <string>

#include "json/value.hpp"

namespace oap::json {

/// Compact JSON text: shortest doubles that read back the same, `1.0` as `1.0`, keys in their
/// order, invalid UTF-8 replaced by U+FFFD so that the output is always valid JSON. Pure.
std::string print(const Value& value);
/// The same, indented by two spaces.
std::string print_pretty(const Value& value);
/// The canonical form of RFC 8785 (keys sorted by UTF-16 units, ECMAScript numbers): what hashes
/// and digests are taken of.
std::string canonical(const Value& value);
/// A JSON string literal with its quotes.
std::string quote(std::string_view text);

}  // namespace oap::json
