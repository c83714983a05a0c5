#include "gateway/upstream/call_verdict.hpp"

#include <fmt/format.h>

#include "jsonrpc/message.hpp"

namespace oap::gateway {

Verdict judge(const mcp::Failure& failure, Millis took, Millis timeout_counts_from) {
  if (failure.peer) {
    return failure.peer->code == jsonrpc::kInternalError ? Verdict::kBad : Verdict::kGood;
  }
  switch (failure.error.code()) {
    case Code::kUnavailable:
    case Code::kUpstream:
      return Verdict::kBad;
    case Code::kDeadlineExceeded:
      return took >= timeout_counts_from ? Verdict::kBad : Verdict::kNothing;
    case Code::kCancelled:
    case Code::kInvalidArgument:
    case Code::kUsage:
    case Code::kConfiguration:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kPermissionDenied:
    case Code::kUnanswered:
    case Code::kUnauthenticated:
    case Code::kResourceExhausted:
    case Code::kFailedPrecondition:
    case Code::kDataLoss:
    case Code::kNeedsModel:
    case Code::kUnimplemented:
    case Code::kInternal:
      return Verdict::kNothing;
  }
  return Verdict::kNothing;
}

bool ended_under(const Connection& connection, const mcp::Failure& failure) {
  return !failure.peer && !connection.link->alive() && failure.error.code() != Code::kCancelled;
}

mcp::Failure ended_in(const std::string& server, const std::string& what, mcp::Failure failure) {
  failure.error =
      Error(Code::kUnavailable,
            fmt::format("MCP server '{}' ended while '{}' ran; it may have taken effect and is not "
                        "repeated ({})",
                        server, what, failure.error.to_string()));
  return failure;
}

Use use_of(Code code) {
  const bool unanswered =
      code == Code::kUnavailable || code == Code::kDeadlineExceeded || code == Code::kUpstream;
  return unanswered ? Use::kUnanswered : Use::kOther;
}

}  // namespace oap::gateway
