#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oap::text {

/// The inside of an RE2 character class for the name in `\p{name}` (general categories with short
/// or long names, Script=, ASCII, Any, White_Space); nothing where RE2 has no such property. Pure.
std::optional<std::string> ecma_property(std::string_view name, bool negated);

}  // namespace oap::text
