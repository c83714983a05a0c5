#pragma once

#include <memory>
#include <utility>

#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

/// A server with something around its calls: everything but `call` is the server's own. Owns it.
class ForwardingUpstream : public Upstream {
 public:
  explicit ForwardingUpstream(std::unique_ptr<Upstream> server) : server_(std::move(server)) {}

  std::string_view name() const final { return server_->name(); }
  Task<Result<mcp::PeerInfo>> start(Deadline deadline) final { return server_->start(deadline); }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) final {
    return server_->list_tools(deadline);
  }
  Task<Result<mcp::Listing>> list(ListKind kind, Deadline deadline) final {
    return server_->list(kind, deadline);
  }
  bool bounds_itself() const final { return server_->bounds_itself(); }
  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions options) final {
    return server_->request(std::move(method), std::move(params), std::move(options));
  }
  Task<mcp::Answer<json::Object>> watch(std::string uri) final {
    return server_->watch(std::move(uri));
  }
  Task<void> unwatch(std::string uri) final { return server_->unwatch(std::move(uri)); }
  Task<void> set_log_level(std::string level) final {
    return server_->set_log_level(std::move(level));
  }
  std::optional<mcp::PeerInfo> info() const final { return server_->info(); }
  Health health() const final { return server_->health(); }
  void on_change(OnListChanged lists, OnResourceUpdated resource) final {
    server_->on_change(std::move(lists), std::move(resource));
  }
  void on_notification(OnNotification other) final { server_->on_notification(std::move(other)); }
  Task<void> close() final { return server_->close(); }

 protected:
  Upstream& server() { return *server_; }

 private:
  std::unique_ptr<Upstream> server_;
};

}  // namespace oap::gateway
