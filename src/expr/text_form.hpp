#pragma once

#include <string>

#include "expr/value.hpp"

namespace oap::expr {

/// What `string(value)` gives for null, bool, numbers, strings, timestamps, durations, types, IP
/// addresses and networks, and optionals' emptiness; bytes as they are. "" for containers. Pure.
std::string text_form(const Value& value);

/// "NaN", "Infinity", "-Infinity", or the shortest decimal that reads back the same.
std::string double_form(double value);

}  // namespace oap::expr
