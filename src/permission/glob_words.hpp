#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/script.hpp"

namespace oap::permission {

/// The paths that the shell makes of an unquoted glob at this moment, at most 64 and absolute; the
/// word itself where no file matches. Nothing where there are more, a directory is large, or the
/// word has a form that is not looked at. Hidden files are not matched
/// by wildcards alone; beside letters they are, though bash without dotglob would not. Looks at the
/// file system.
std::optional<std::vector<std::string>> expand_glob(std::string_view word, std::string_view cwd);

/// The script may change what a glob matches: `shopt`, `set`, `bash -O`.
bool changes_globs(const shell::Script& script);

}  // namespace oap::permission
