#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap::json {

/// JSON Pointers (RFC 6901): "" is the whole, "/a~1b/0" member "a/b", then item 0. All pure.

/// One token as it stands in a pointer: `~` as `~0`, `/` as `~1`.
std::string pointer_escape(std::string_view token);
/// The reverse; nothing where a `~` is not followed by 0 or 1.
std::optional<std::string> pointer_unescape(std::string_view token);
/// The pointer to a member or item of what `parent` points to.
std::string pointer_join(std::string_view parent, std::string_view token);
std::string pointer_join(std::string_view parent, std::size_t index);
/// The unescaped tokens; nothing where the text is not a pointer.
std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer);

/// What the pointer points to, or null: no such member, no such item, or not a pointer.
const Value* at(const Value& value, std::string_view pointer);

}  // namespace oap::json
