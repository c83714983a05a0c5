#include "platform/builtin_upstream.hpp"

namespace oap::platform {

Task<mcp::Answer<ToolResult>> BuiltinUpstream::call(ToolCall call, mcp::RequestOptions options) {
  const auto local = local_.find(call.tool);
  if (local == local_.end()) {
    const security::RoleRow* const row = roles_.find(call.principal.role);
    if (row != nullptr && row->commands != security::RoleRow::Commands::kAll) {
      json::Value& meta = call.extra["_meta"];
      if (!meta.is_object()) {
        meta = json::Object{};
      }
      meta.get_object()["oap/looksOnly"] = true;
    }
    co_return co_await server().call(std::move(call), std::move(options));
  }
  ToolResult result = co_await local->second(std::move(call));
  co_return mcp::Answer<ToolResult>(std::move(result));
}

}  // namespace oap::platform
