#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/catalog.hpp"
#include "gateway/gateway.hpp"
#include "gateway/upstream/upstream.hpp"
#include "net/http_client.hpp"
#include "platform/builtin_upstream.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

struct Served;

/// What remote servers' upstreams use; outlives them.
using CredentialList = std::vector<std::unique_ptr<mcp::Credentials>>;

/// What the built-in server has beside its tools.
struct BuiltinParts {
  bool for_agents = false;  ///< the tools for agents
  LocalTools local = {};    ///< tools that run inside this program
  /// What is put around the server; empty: nothing.
  std::function<std::unique_ptr<gateway::Upstream>(std::unique_ptr<gateway::Upstream>)> wrap = {};
  std::vector<std::string> readable = {};  ///< further places that its programs may see
};

/// Puts the built-in server and every configured one into the set. Starts none. kConfiguration
/// where a server's credentials cannot be set up.
Result<void> add_upstreams(gateway::UpstreamSet& set, CredentialList& credentials,
                           const Settings& settings, Executor executor, net::HttpClient& http,
                           BuiltinParts builtin);

/// The built-in server for another folder than the workspace, with the same limits.
std::unique_ptr<gateway::Upstream> builtin_at(const Settings& settings, Executor executor,
                                              const std::string& folder, BuiltinParts parts);

/// Which names the catalog gives: those for models, or those for MCP clients.
gateway::CatalogOptions catalog_options(const Settings& settings,
                                        const std::optional<Served>& served);

/// `written` for the tools that trusted configuration names as read-only, else `sync`.
gateway::AuditClass audit_class_of(const Settings& settings);

}  // namespace oap::platform
