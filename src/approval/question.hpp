#pragma once

#include <string>
#include <string_view>

#include "approval/approver.hpp"

namespace oap::approval {

/// The question for a person, without its last line: who wants to run what, the exact arguments or
/// commands, where, the change to a file, rule, reason, expiry, and what "always" would write.
/// Nothing in it can hide: control and deceptive characters are shown as such. Pure.
std::string question_text(const Request& request);

/// The change from `before` to `after` line by line ("-", "+", " "), with three lines around each
/// change and "@@ line" marks; at most about 200 lines, and it says what is left out. Pure.
std::string line_diff(std::string_view before, std::string_view after);

}  // namespace oap::approval
