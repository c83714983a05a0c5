#pragma once

#include <string>

#include "base/clock.hpp"
#include "gateway/upstream/link.hpp"
#include "mcp/answer.hpp"

namespace oap::gateway {

/// What one call tells of its server.
enum class Verdict { kGood, kBad, kNothing };

/// What a call that failed after `took` tells. Bad: the server could not be reached, broke off,
/// answered with something unusable or an internal error, or ran out of time that was at least
/// `timeout_counts_from` (less means that somebody was impatient). Good: it refused with a reason
/// of its own (invalid params …). Nothing: what was given up, limits, credentials. Pure.
Verdict judge(const mcp::Failure& failure, Millis took, Millis timeout_counts_from);

/// Whether the server ended under the call that failed.
bool ended_under(const Connection& connection, const mcp::Failure& failure);

/// The failure of a call under which its server ended: says so, and that nobody knows what the call
/// did.
mcp::Failure ended_in(const std::string& server, const std::string& what, mcp::Failure failure);

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
