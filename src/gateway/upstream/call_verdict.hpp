#pragma once

#include "base/clock.hpp"
#include "gateway/upstream/tool_breaker.hpp"
#include "mcp/answer.hpp"

namespace oap::gateway {

/// What a call that failed tells of its server. The server's fault: it could not be reached, broke
/// off, answered with something unusable or an internal error, or ran out of time. Not its fault:
/// what it refused (invalid params …), what was given up, limits, credentials. Pure.
Verdict judge_failure(const mcp::Failure& failure, Millis took, const BreakerOptions& options);
/// And one with a result, be it an error of the tool.
Verdict judge_result(Millis took, const BreakerOptions& options);

}  // namespace oap::gateway
