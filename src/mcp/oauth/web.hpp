#pragma once

#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "net/fetch.hpp"

namespace oap::mcp::oauth {

/// What OAuth fetches, and only what it may: https, and plain http on loopback where the MCP server
/// itself is on loopback; never an address inside a network, whatever a peer writes or redirects
/// to, as far as nobody has allowed that. Addresses are judged when they are connected to. Answers
/// are at most 1 MiB. Messages name origins, never queries or bodies.
class Web {
 public:
  /// The client outlives it. Loopback is reachable where `server_url` is there.
  /// `private_too`: the configuration says that the authorization server is inside the network.
  Web(net::HttpClient& http, std::string_view server_url, Millis timeout, bool private_too = false);

  /// Follows up to five redirects, each held against the same rules.
  Task<Result<net::HttpResponse>> get(std::string url);
  /// Follows none. kUpstream where the answer is one.
  Task<Result<net::HttpResponse>> post(std::string url, net::HeaderList headers, std::string body);

  /// Whether a person may be sent there, or something be fetched from there, going by what is
  /// written. kPermissionDenied.
  Result<void> check(std::string_view url) const;

 private:
  net::HttpRequest request(std::string url) const;

  net::HttpClient& http_;
  net::FetchOptions rules_;
  Millis timeout_;
};

}  // namespace oap::mcp::oauth
