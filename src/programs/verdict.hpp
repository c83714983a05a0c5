#pragma once

#include <string>
#include <string_view>

#include "programs/answer.hpp"
#include "programs/hook_set.hpp"

namespace oap::programs {

/// What a hook of type prompt asks: its words with the event's JSON in the place of $ARGUMENTS, or
/// behind them; `\$` is a dollar sign. Pure.
std::string question_of(const Handler& handler, std::string_view input);

/// What a model must be told of the form of its answer.
std::string_view judge_instructions();

/// A model's `{"ok": …, "reason": …, "impossible": …}` as the ending of a program that says the
/// same at that event (hooks reference, "Response schema"). An answer of another form is a fault.
/// Pure.
Ending ending_of_verdict(const Handler& handler, std::string_view answer);

/// An HTTP answer as the ending of a program ("HTTP response handling"): 2xx with nothing or with a
/// JSON object is its words, anything else a fault. Pure.
Ending ending_of_http(int status, std::string body);

}  // namespace oap::programs
