#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "gateway/upstream/upstream.hpp"
#include "mcp/server/front.hpp"
#include "net/http_server.hpp"

namespace oap::gateway {

struct HttpServiceOptions {
  std::string mcp_path = "/mcp";
  /// RFC 9728 protected resource metadata; nothing where tokens are not taken.
  std::optional<json::Object> resource_metadata;
  std::set<std::string> awaited;         ///< servers that must have been tried before it is ready
  std::function<std::string()> metrics;  ///< the text of /metrics
  std::function<std::string(std::string)> clean;  ///< of what servers wrote themselves
  /// Why the permission rules that are in the files now are not in force; "" where they are.
  std::function<std::string()> policy_problem;
  /// Where set, only whoever it knows sees /metrics, and more of /health than the status. Borrowed.
  mcp::Authenticator* authenticator = nullptr;
};

/// The paths of the MCP endpoint: the protocol itself, /health, /ready, /metrics and the resource
/// metadata. Used as a net::HttpServer's handler; the collaborators outlive it.
class HttpService {
 public:
  HttpService(mcp::HttpFront& front, const UpstreamSet& upstreams, HttpServiceOptions options);
  Task<void> handle(std::shared_ptr<net::HttpExchange> http);

 private:
  Task<bool> is_known(net::HttpExchange& http) const;
  void answer_health(net::HttpExchange& http, bool whole) const;
  void answer_ready(net::HttpExchange& http) const;

  mcp::HttpFront& front_;
  const UpstreamSet& upstreams_;
  HttpServiceOptions options_;
};

}  // namespace oap::gateway
