#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::hosts {

/// The one glob for ripgrep's `--glob` that leaves out all that `hidden` names (as in
/// Policy::hidden_from_search), whether ripgrep was started in one of `folders` or elsewhere
/// outside of the workspace; more may be left out than that. Nothing where a pattern cannot be put
/// there. Pure. Source: globset's syntax (ripgrep's manual, "MANUAL FILTERING: GLOBS").
std::optional<std::string> negated_glob(const std::vector<std::string>& hidden,
                                        const std::string& workspace,
                                        const std::vector<std::string>& folders);

/// A list of files as OpenCode's `glob` (a path a line) and `list` (a tree, two blanks a level)
/// write it, without those that `hidden` names or that are below one; other lines stay. Relative
/// paths start at `folder`. kInvalidArgument for a glob that is none. Pure.
Result<std::string> without_hidden(std::string_view output, std::string_view workspace,
                                   std::string_view folder, const std::vector<std::string>& hidden);

}  // namespace oap::hosts
