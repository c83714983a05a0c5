#include "mcp/oauth/web.hpp"

#include "net/url.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr int kMostRedirects = 5;
constexpr std::size_t kMostBytes = 1U << 20U;

net::FetchOptions rules(std::string_view server_url, bool private_too) {
  const Result<net::Url> parsed = net::parse_url(server_url);
  net::FetchOptions out;
  out.max_redirects = kMostRedirects;
  if (private_too) {
    out.reach = net::Reach::kAnywhere;
  } else if (parsed && net::is_loopback(parsed->host)) {
    out.reach = net::Reach::kPublicOrLoopback;
  }
  return out;
}

}  // namespace

Web::Web(net::HttpClient& http, std::string_view server_url, Millis timeout, bool private_too)
    : http_(http), rules_(rules(server_url, private_too)), timeout_(timeout) {}

Result<void> Web::check(std::string_view url) const {
  const Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) {
    return fail(Code::kPermissionDenied, "an OAuth address is no http or https URL");
  }
  if (!parsed->userinfo.empty()) {
    return fail(Code::kPermissionDenied, "the OAuth address at {} holds a user name",
                parsed->origin());
  }
  if (net::is_loopback(parsed->host) && rules_.reach == net::Reach::kPublicOnly) {
    return fail(Code::kPermissionDenied,
                "a remote MCP server's OAuth address points to this machine ({})",
                parsed->origin());
  }
  return net::check_fetch_url(url, rules_);
}

net::HttpRequest Web::request(std::string url) const {
  net::HttpRequest out;
  out.url = std::move(url);
  out.deadline = Deadline::after(timeout_);
  out.max_body = kMostBytes;
  return out;
}

Task<Result<net::HttpResponse>> Web::get(std::string url) {
  OAP_CO_CHECK_OK(check(url));
  net::HttpRequest outgoing = request(std::move(url));
  outgoing.headers = {{"Accept", "application/json"}, {"MCP-Protocol-Version", "2025-11-25"}};
  co_return co_await net::fetch(http_, std::move(outgoing), rules_);
}

Task<Result<net::HttpResponse>> Web::post(std::string url, net::HeaderList headers,
                                          std::string body) {
  OAP_CO_CHECK_OK(check(url));
  net::HttpRequest outgoing = request(std::move(url));
  outgoing.method = "POST";
  outgoing.headers = std::move(headers);
  outgoing.body = std::move(body);
  OAP_CO_TRY(net::HttpResponse response, co_await net::fetch(http_, std::move(outgoing), rules_));
  if (response.status >= 300 && response.status < 400) {
    co_return fail(Code::kUpstream,
                   "an OAuth endpoint redirects a request that holds secrets, which is refused");
  }
  co_return response;
}

}  // namespace oap::mcp::oauth
