#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

/// A server that does not speak MCP but the platform guide's plain form: POST `url`/tools/invoke
/// with {tool, arguments} gives the result, GET `url`/tools gives {"tools": [MCP Tool objects]}.
/// Any JSON is a result; one with a `content` array is taken for an MCP one. Has no resources,
/// prompts or notifications. Nothing is kept open but HTTP connections.
class RestUpstream final : public Upstream {
 public:
  /// `server.url` and `server.http` are used, with `headers` and `credentials`.
  explicit RestUpstream(mcp::ServerSpec server);

  std::string_view name() const override { return server_.name; }
  Task<Result<mcp::PeerInfo>> start(Deadline deadline) override;
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override;
  Task<Result<mcp::Listing>> list(ListKind kind, Deadline deadline) override;
  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override;
  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions options) override;
  Task<mcp::Answer<json::Object>> watch(std::string uri) override;
  Task<void> unwatch(std::string uri) override;
  Task<void> set_log_level(std::string level) override;
  std::optional<mcp::PeerInfo> info() const override { return info_; }
  Health health() const override;
  void on_change(OnListChanged lists, OnResourceUpdated resource) override;
  void on_notification(OnNotification other) override;
  Task<void> close() override;

  /// What an answer's JSON means. Pure.
  static ToolResult result_of(json::Value value);

 private:
  Task<Result<std::string>> exchange(std::string method, std::string path, std::string body,
                                     Deadline deadline);

  mcp::ServerSpec server_;
  std::optional<mcp::PeerInfo> info_;
  std::uint64_t calls_ = 0;
  std::uint64_t errors_ = 0;
  std::size_t open_calls_ = 0;
  std::string last_error_;
};

}  // namespace oap::gateway
