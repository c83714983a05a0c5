#include <algorithm>

#include "gateway/serve/endpoint_audit.hpp"
#include "gateway/serve/mcp_service.hpp"
#include "gateway/serve/relay.hpp"

namespace oap::gateway {

using mcp::Answer;
using mcp::Caller;
using mcp::Exchange;
using mcp::refused;

namespace {

bool is_same(const Principal& a, const Principal& b) {
  return a.tenant == b.tenant && a.user_id == b.user_id && a.role == b.role;
}

}  // namespace

std::vector<std::string> McpService::servers_with(std::string_view capability) const {
  std::vector<std::string> servers;
  for (Upstream* upstream : upstreams_.all()) {
    const auto info = upstream->info();
    if (info && info->capabilities.contains(capability)) {
      servers.emplace_back(upstream->name());
    }
  }
  return servers;
}

/// Those that the caller may ask, unless there is none: then the one whose denial he is to hear.
std::vector<McpService::Target> McpService::owners_of(const std::string& uri,
                                                      const Principal& principal,
                                                      std::string_view method) const {
  std::vector<Target> owners;
  for (ServerUri& owner : catalog_.uris().owners(uri)) {
    owners.push_back({std::move(owner.server), std::move(owner.uri)});
  }
  if (owners.empty()) {
    for (std::string& server : servers_with("resources")) {
      owners.push_back({std::move(server), uri});
    }
  }
  std::vector<Target> allowed;
  std::copy_if(owners.begin(), owners.end(), std::back_inserter(allowed),
               [&](const Target& owner) { return may_request(principal, owner.server, method); });
  if (allowed.empty() && !owners.empty()) {
    allowed.push_back(std::move(owners.front()));
  }
  return allowed;
}

/// Nobody waits for servers that do not answer where it is known whose the resource is.
Task<void> McpService::load_resources(const std::string uri) {
  if (catalog_.uris().resolve(uri)) {
    co_return;
  }
  const Deadline patience = Deadline::after(options_.list_patience);
  co_await catalog_.load_all(ListKind::kResources, patience);
  co_await catalog_.load_all(ListKind::kTemplates, patience);
}

Task<Answer<json::Object>> McpService::read_resource(json::Object params, Exchange& exchange) {
  const std::string uri(json::get_string(params, "uri"));
  if (uri.empty()) {
    co_return refused(jsonrpc::kInvalidParams, "resources/read needs a uri");
  }
  co_await load_resources(uri);
  const Principal principal = exchange.caller().principal;
  const std::vector<Target> owners = owners_of(uri, principal, "resources/read");
  if (owners.empty()) {
    Caller caller = exchange.caller();
    auto written = co_await audit_.unknown(std::move(caller), uri, "Resource not found");
    if (!written) {
      co_return mcp::failed(std::move(written).error());
    }
  }
  Reply reply = not_found(uri, exchange.caller().era);
  for (const Target& owner : owners) {
    json::Object copy = params;
    copy["uri"] = owner.name;
    reply = co_await forward(owner.server, "resources/read", std::move(copy), exchange);
    if (reply && owner.name != uri) {
      rename_contents(*reply, owner.server, catalog_.uris());
    }
    const bool elsewhere = !reply && is_not_found(reply.error());
    if (!elsewhere) {
      break;
    }
  }
  co_return reply;
}

Task<Answer<json::Object>> McpService::follow(Target owner, std::string uri, Caller caller) {
  const bool allowed = may_request(caller.principal, owner.server, "resources/subscribe");
  std::string denied_by = allowed ? "" : "the policy denies the server to this caller";
  auto written = co_await audit_.follows(caller, owner.server, owner.name, std::move(denied_by));
  if (!written) {
    co_return mcp::failed(std::move(written).error());
  }
  const auto upstream = upstreams_.find(owner.server);
  if (!allowed || !upstream) {
    co_return not_found(uri, caller.era);
  }
  Reply reply = co_await (*upstream)->watch(owner.name);
  if (reply) {
    followed_[uri].push_back({std::move(owner), std::move(caller.principal)});
  }
  co_return reply;
}

Task<Answer<json::Object>> McpService::watch(std::string uri, Caller caller) {
  co_await load_resources(uri);
  const std::vector<Target> owners = owners_of(uri, caller.principal, "resources/subscribe");
  if (owners.empty()) {
    auto written = co_await audit_.follows(caller, "", uri, "Resource not found");
    if (!written) {
      co_return mcp::failed(std::move(written).error());
    }
  }
  Reply reply = not_found(uri, caller.era);
  for (const Target& owner : owners) {
    reply = co_await follow(owner, uri, caller);
    if (reply) {
      break;
    }
  }
  co_return reply;
}

Task<void> McpService::unwatch(std::string uri, Caller caller) {
  const auto followed = followed_.find(uri);
  if (followed == followed_.end()) {
    co_return;
  }
  std::vector<Followed>& all = followed->second;
  const auto own = std::find_if(all.begin(), all.end(), [&](const Followed& each) {
    return is_same(each.principal, caller.principal);
  });
  if (own == all.end()) {
    co_return;
  }
  const Target owner = std::move(own->owner);
  all.erase(own);
  if (all.empty()) {
    followed_.erase(followed);
  }
  if (const auto upstream = upstreams_.find(owner.server)) {
    co_await (*upstream)->unwatch(owner.name);
  }
}

}  // namespace oap::gateway
