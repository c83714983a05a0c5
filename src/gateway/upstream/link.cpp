#include "gateway/upstream/link.hpp"

#include <utility>

namespace oap::gateway {
namespace {

class ClientLink final : public Link {
 public:
  explicit ClientLink(std::unique_ptr<mcp::Client> client) : client_(std::move(client)) {}

  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions options) override {
    return client_->request(std::move(method), std::move(params), std::move(options));
  }
  Task<Result<mcp::Listing>> list(std::string method, std::string member,
                                  Deadline deadline) override {
    return client_->list(std::move(method), std::move(member), deadline);
  }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override {
    return client_->list_tools(deadline);
  }
  Task<mcp::Answer<ToolResult>> call_tool(ToolCall call, mcp::RequestOptions options) override {
    return client_->call_tool(std::move(call), std::move(options));
  }
  Task<mcp::Answer<json::Object>> watch(std::string uri) override {
    return client_->watch(std::move(uri));
  }
  Task<void> unwatch(std::string uri) override { return client_->unwatch(std::move(uri)); }
  Task<void> set_log_level(std::string level) override {
    return client_->set_log_level(std::move(level));
  }

  bool alive() const override { return client_->alive(); }
  mcp::Era era() const override { return client_->era(); }
  const mcp::PeerInfo& info() const override { return client_->info(); }
  mcp::LinkFaults faults() const override { return client_->faults(); }
  std::size_t open_requests() const override { return client_->open_requests(); }
  std::string stderr_tail() const override { return client_->stderr_tail(); }
  std::optional<int> pid() const override { return client_->pid(); }
  Task<void> close() override { return client_->close(); }

 private:
  std::unique_ptr<mcp::Client> client_;
};

Task<Result<std::unique_ptr<Link>>> connect(Executor executor, mcp::ServerSpec spec,
                                            mcp::ClientEvents events) {
  OAP_CO_TRY(auto client, co_await mcp::Client::connect(std::move(executor), std::move(spec),
                                                        std::move(events)));
  std::unique_ptr<Link> link = std::make_unique<ClientLink>(std::move(client));
  co_return link;
}

}  // namespace

Connector mcp_connector() { return connect; }

}  // namespace oap::gateway
