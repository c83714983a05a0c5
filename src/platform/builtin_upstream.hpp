#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gateway/upstream/upstream.hpp"

namespace oap::platform {

/// Built-in tools that run inside this program, by name: those that work on what it holds, not on
/// files.
using LocalTools =
    std::map<std::string, std::function<Task<ToolResult>(ToolCall call)>, std::less<>>;

/// The built-in server as one upstream: its own process for work on files and commands, and the
/// local tools. What is no local tool's is passed on unchanged.
class BuiltinUpstream final : public gateway::Upstream {
 public:
  BuiltinUpstream(std::unique_ptr<gateway::Upstream> server, LocalTools local)
      : server_(std::move(server)), local_(std::move(local)) {}

  std::string_view name() const override { return server_->name(); }
  Task<Result<mcp::PeerInfo>> start(Deadline deadline) override { return server_->start(deadline); }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override {
    return server_->list_tools(deadline);
  }
  Task<Result<mcp::Listing>> list(gateway::ListKind kind, Deadline deadline) override {
    return server_->list(kind, deadline);
  }
  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override;
  bool bounds_itself() const override { return server_->bounds_itself(); }
  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions options) override {
    return server_->request(std::move(method), std::move(params), std::move(options));
  }
  Task<mcp::Answer<json::Object>> watch(std::string uri) override {
    return server_->watch(std::move(uri));
  }
  Task<void> unwatch(std::string uri) override { return server_->unwatch(std::move(uri)); }
  Task<void> set_log_level(std::string level) override {
    return server_->set_log_level(std::move(level));
  }
  std::optional<mcp::PeerInfo> info() const override { return server_->info(); }
  gateway::Health health() const override { return server_->health(); }
  void on_change(OnListChanged lists, OnResourceUpdated resource) override {
    server_->on_change(std::move(lists), std::move(resource));
  }
  void on_notification(OnNotification other) override {
    server_->on_notification(std::move(other));
  }
  Task<void> close() override { return server_->close(); }

 private:
  std::unique_ptr<gateway::Upstream> server_;
  LocalTools local_;
};

}  // namespace oap::platform
