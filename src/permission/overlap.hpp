#pragma once

#include <string_view>

namespace oap::permission {

/// False where no path can match both a glob as the shell has it and a pattern of a path rule, both
/// absolute or both relative to the same place. True where it is not known: classes, braces and
/// groups stand for anything. Wildcards alone do not match a leading dot in `word`; beside letters
/// they do. Pure. Private to this folder, as the one below.
bool may_overlap(std::string_view word, std::string_view pattern);

/// The same for the names of two files: `*.py` and `.env` have none in common.
bool names_may_overlap(std::string_view one, std::string_view other);

/// A bracket of the glob holds a class with brackets of its own, `[[:alpha:]]`, `[[.e.]]`,
/// `[[=e=]]`: one whose second character is among `marks`.
bool holds_named_class(std::string_view part, std::string_view marks);

}  // namespace oap::permission
