#pragma once

#include "base/clock.hpp"
#include "mcp/answer.hpp"

namespace oap::gateway {

/// What one call tells of its server.
enum class Verdict { kGood, kBad, kNothing };

/// What a call that failed after `took` tells. Bad: the server could not be reached, broke off,
/// answered with something unusable or an internal error, or ran out of time that was at least
/// `timeout_counts_from` (less means that somebody was impatient). Good: it refused with a reason
/// of its own (invalid params …). Nothing: what was given up, limits, credentials. Pure.
Verdict judge(const mcp::Failure& failure, Millis took, Millis timeout_counts_from);

/// How a request ended: answered, be it by a refusal; without an answer; or for reasons that tell
/// nothing of the server.
enum class Use { kAnswered, kUnanswered, kOther };
Use use_of(Code code);
template <class T>
Use use_of(const Result<T>& result) {
  return result ? Use::kAnswered : use_of(result.error().code());
}
template <class T>
Use use_of(const mcp::Answer<T>& answer) {
  return answer || answer.error().peer ? Use::kAnswered : use_of(answer.error().error.code());
}

}  // namespace oap::gateway
