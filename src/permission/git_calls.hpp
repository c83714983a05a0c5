#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "permission/words.hpp"

namespace oap::permission {

/// True where a call of git is given something that can run programs: a setting, an option that
/// names one, a verb that runs one, a signature. Private to this folder, as all below.
bool git_may_run(const Words& words);

/// True for a call of git that shows what is in files which it finds by patterns of its own.
bool finds_by_pathspec(const shell::SimpleCommand& command);

/// What other calls of the same program do the same, for rules that ask or deny: `git send-pack x`
/// is `git push x`, `npm pub` is `npm publish`. The words of each; none for most.
std::vector<std::vector<std::string>> same_calls(const std::vector<std::string>& argv);

}  // namespace oap::permission
