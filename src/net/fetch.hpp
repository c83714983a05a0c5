#pragma once

#include "net/address_guard.hpp"
#include "net/http_client.hpp"

namespace oap::net {

struct FetchOptions {
  int max_redirects = 3;
  /// Refuses http, but to loopback where `reach` allows that.
  bool https_only = true;
  Reach reach = Reach::kPublicOnly;
};

/// Sends a request to a URL that somebody else may have written, and follows redirects of a GET
/// (RFC 9110 §15.4); any other method's redirect is the answer. Each hop is judged anew: scheme,
/// `reach`, never from https to http. To another origin go only Accept, Accept-Language, User-Agent
/// and MCP-Protocol-Version. The deadline is of all hops together; `on_head` sees each hop's head.
/// Errors: as HttpClient::send; kPermissionDenied for what is refused, kUpstream for too many
/// redirects or one without a place to go.
Task<Result<HttpResponse>> fetch(HttpClient& client, HttpRequest request, FetchOptions options);

/// Whether the hop is allowed by its text; the address is judged when it is connected to. Pure.
Result<void> check_fetch_url(std::string_view url, const FetchOptions& options);

/// Turns the request into that for the next hop, or says why there is none. Pure.
Result<void> redirect(HttpRequest& request, const HttpResponse& response,
                      const FetchOptions& options);

}  // namespace oap::net
