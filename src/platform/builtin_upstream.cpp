#include "platform/builtin_upstream.hpp"

namespace oap::platform {

Task<mcp::Answer<ToolResult>> BuiltinUpstream::call(ToolCall call, mcp::RequestOptions options) {
  const auto local = local_.find(call.tool);
  if (local == local_.end()) {
    co_return co_await server().call(std::move(call), std::move(options));
  }
  ToolResult result = co_await local->second(std::move(call));
  co_return mcp::Answer<ToolResult>(std::move(result));
}

}  // namespace oap::platform
