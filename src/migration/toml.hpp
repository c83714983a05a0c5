#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::migration {

/// What configurations of other agents need of TOML 1.0: tables, arrays of tables, dotted keys,
/// strings of all four kinds, integers, floats, booleans, arrays and inline tables; dates and times
/// are their text. `inf` and `nan`, duplicate keys, anything beyond 1 MiB or 32 levels are
/// kInvalidArgument with "file:line: ". Pure.
Result<json::Object> parse_toml(std::string_view text, const std::string& file);

}  // namespace oap::migration
