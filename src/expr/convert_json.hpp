#pragma once

#include <cstddef>

#include "base/result.hpp"
#include "expr/type.hpp"
#include "expr/value.hpp"
#include "json/value.hpp"

namespace oap::expr {

/// A value as JSON: keys become strings, bytes base64, timestamps and durations their text, an
/// empty optional null, NaN and infinities strings. kResourceExhausted beyond `max_nodes` values,
/// counted where they are reached, however often, each 64 bytes of text as one more. Says nothing
/// about secrets: ask `tainted()` first. Pure.
Result<json::Value> to_json(const Value& value, std::size_t max_nodes = 1'000'000);

/// Appends the secret parts of a value, a container that is itself secret as one. For values that
/// `to_json` could make JSON of. Pure.
void add_secrets(const Value& value, json::Array& secrets);

/// JSON data as a value of a declared type: where the type says double an integer becomes one, and
/// uint likewise. Data of another shape stays as it is. Makes a copy. Pure.
Value from_json(const json::Value& data, const Type& type);

}  // namespace oap::expr
