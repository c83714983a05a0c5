#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/catalog.hpp"
#include "gateway/gateway.hpp"
#include "gateway/serve/endpoint_audit.hpp"
#include "gateway/serve/state_seal.hpp"
#include "gateway/serve/tool_finder.hpp"
#include "mcp/server/service.hpp"

namespace oap::gateway {

struct ServeOptions {
  json::Object info;            ///< Implementation: name, version, title
  std::string instructions;     ///< told to clients
  Millis list_patience{5'000};  ///< how long a list waits for servers that have not answered yet
  EconomyOptions economy;
  /// Whether a tool may be shown to a principal at all; empty: always.
  std::function<bool(const Principal& principal, const ToolSpec& spec)> may_list;
  /// Takes secrets and hidden characters out of what servers say of themselves; empty: nothing.
  std::function<std::string(std::string text)> clean;
  bool ask_clients = true;  ///< an `ask` goes to the client as an elicitation where it can
};

/// All servers behind the gateway as one MCP server: lists merged under public names, each request
/// led to the server it belongs to, through Gateway::invoke. Knows nothing of transports or eras
/// but what the Exchange tells. Belongs to the executor's thread; the collaborators outlive it.
class McpService final : public mcp::Service {
 public:
  McpService(Gateway& gateway, Catalog& catalog, UpstreamSet& upstreams, StateSeal& seal,
             EndpointAudit& audit, ServeOptions options);

  Task<mcp::Face> face(mcp::Caller caller) override;
  Task<mcp::Answer<json::Object>> handle(std::string method, json::Object params,
                                         mcp::Exchange& exchange) override;
  Task<mcp::Answer<json::Object>> watch(std::string uri, mcp::Caller caller) override;
  Task<void> unwatch(std::string uri, mcp::Caller caller) override;
  Task<void> log_level(std::string level, mcp::Caller caller) override;
  const std::vector<mcp::MirroredParam>* mirrored(std::string_view tool,
                                                  const mcp::Caller& caller) override;
  mcp::Feed& feed() override { return feed_; }

 private:
  using Reply = mcp::Answer<json::Object>;
  struct Target {
    std::string server;
    std::string name;  ///< the tool, prompt or resource as its server calls it
  };
  struct Followed {
    Target owner;
    Principal principal;
  };

  Task<Reply> list_tools(json::Object params, mcp::Caller caller);
  Task<Reply> list_items(ListKind kind, json::Object params, mcp::Caller caller);
  bool may_request(const Principal& principal, const std::string& server,
                   std::string_view method) const;
  Task<Reply> call_tool(json::Object params, mcp::Exchange& exchange);
  Task<Reply> run_tool(Target target, json::Object params, mcp::Exchange& exchange);
  Task<Reply> search(json::Object params, mcp::Caller caller);
  Task<Reply> get_prompt(json::Object params, mcp::Exchange& exchange);
  Task<Reply> read_resource(json::Object params, mcp::Exchange& exchange);
  Task<Reply> complete(json::Object params, mcp::Exchange& exchange);
  Task<Reply> use_task(std::string method, json::Object params, mcp::Exchange& exchange);

  /// One governed request that is no tool call.
  Task<Reply> forward(std::string server, std::string method, json::Object params,
                      mcp::Exchange& exchange);
  Task<Reply> invoke(ToolCall call, mcp::Exchange& exchange);
  Reply reply_of(ToolOutcome outcome, const ToolCall& call, const mcp::Caller& caller);

  Task<std::vector<ToolSpec>> visible_tools(const Principal principal);
  Task<Result<Target>> find_prompt(std::string name, mcp::Caller caller);
  /// Whose the prompt or resource is that a completion is asked for.
  Task<Result<Target>> find_reference(json::Object ref, mcp::Caller caller);
  Task<void> load_resources(std::string uri);
  /// The servers that may have the resource, most likely first, with its URI there.
  std::vector<Target> owners_of(const std::string& uri, const Principal& principal,
                                std::string_view method) const;
  Task<Reply> follow(Target owner, std::string uri, mcp::Caller caller);
  std::vector<std::string> servers_with(std::string_view capability) const;
  /// What a list says of itself in `_meta`.
  json::Object list_meta(const std::function<bool(const NameTable::Entry&)>& shown,
                         const NameTable& names) const;
  json::Object missing_servers() const;
  /// Names what `visible_tools` gave: the same text, the same tools.
  std::string version_for(const Principal& principal) const;

  Gateway& gateway_;
  Catalog& catalog_;
  UpstreamSet& upstreams_;
  StateSeal& seal_;
  EndpointAudit& audit_;
  ServeOptions options_;
  ToolFinder finder_;
  mcp::Feed feed_;
  std::map<std::string, std::vector<Followed>> followed_;  // by public URI
  std::map<std::string, std::vector<mcp::MirroredParam>, std::less<>> mirrored_;
  std::uint64_t mirrored_version_ = 0;
};

}  // namespace oap::gateway
