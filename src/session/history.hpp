#pragma once

#include <string_view>
#include <vector>

#include "model/message.hpp"

namespace oap::session {

/// What stands for the result of a call that was under way when the process ended.
inline constexpr std::string_view kInDoubt =
    "in doubt: may have run. The program ended while this call was under way; its effect is "
    "unknown and it was not repeated. Look at the present state before doing it again.";

/// The history in a form that every provider accepts: each tool use of an assistant message has its
/// result in the user message right after it. Missing results are added as errors with `kInDoubt`;
/// results without their tool use, and repeated ones, are dropped. Nothing else is changed. Pure.
std::vector<Message> close_open_calls(std::vector<Message> history);

}  // namespace oap::session
