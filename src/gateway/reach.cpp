#include "gateway/reach.hpp"

namespace oap::gateway {

Task<Result<mcp::Answer<ToolResult>>> reach(Upstream& upstream, ToolCall call,
                                            mcp::RequestOptions options) {
  options.deadline = call.deadline;
  const std::string method(call.method());
  if (method.empty()) {
    mcp::Answer<ToolResult> result = co_await upstream.call(std::move(call), std::move(options));
    co_return result;
  }
  json::Object params = std::move(call.arguments);
  for (auto& member : call.extra) {
    params[member.key()] = std::move(member.value());
  }
  auto answer = co_await upstream.request(method, std::move(params), std::move(options));
  if (!answer) {
    co_return mcp::Answer<ToolResult>(mcp::failed(std::move(answer).error()));
  }
  ToolResult result;
  result.extra = *std::move(answer);
  co_return mcp::Answer<ToolResult>(std::move(result));
}

Error infrastructure_error(const Error& error, Deadline deadline) {
  Code code = error.code();
  if (code == Code::kDeadlineExceeded && !deadline.passed()) {
    code = Code::kUnavailable;
  } else if (code == Code::kPermissionDenied || code == Code::kUnanswered) {
    code = Code::kFailedPrecondition;
  }
  return Error(code, error.to_string(), error.audience());
}

}  // namespace oap::gateway
