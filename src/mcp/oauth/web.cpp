#include "mcp/oauth/web.hpp"

#include "json/uri.hpp"
#include "net/url.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr int kMostRedirects = 5;
constexpr std::size_t kMostBytes = 1U << 20U;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_on_loopback(std::string_view url) {
  const Result<net::Url> parsed = net::parse_url(url);
  return parsed && net::is_loopback(parsed->host);
}

}  // namespace

Web::Web(net::HttpClient& http, std::string_view server_url, Millis timeout)
    : http_(http), loopback_(is_on_loopback(server_url)), timeout_(timeout) {}

Result<void> Web::check(std::string_view url) const {
  const Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) {
    return fail(Code::kPermissionDenied, "an OAuth address is no http or https URL");
  }
  if (!parsed->userinfo.empty()) {
    return fail(Code::kPermissionDenied, "the OAuth address at {} holds a user name",
                parsed->origin());
  }
  const bool loopback = net::is_loopback(parsed->host);
  if (loopback && !loopback_) {
    return fail(Code::kPermissionDenied,
                "a remote MCP server's OAuth address points to this machine ({})",
                parsed->origin());
  }
  if (parsed->scheme != "https" && !loopback) {
    return fail(Code::kPermissionDenied, "the OAuth address at {} is not https", parsed->origin());
  }
  return {};
}

net::HttpRequest Web::request(std::string url) const {
  net::HttpRequest out;
  out.url = std::move(url);
  out.deadline = Deadline::after(timeout_);
  out.max_body = kMostBytes;
  return out;
}

Task<Result<net::HttpResponse>> Web::get(std::string url) {
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    OAP_CO_CHECK_OK(check(url));
    net::HttpRequest outgoing = request(url);
    outgoing.headers = {{"Accept", "application/json"}, {"MCP-Protocol-Version", "2025-11-25"}};
    OAP_CO_TRY(net::HttpResponse response, co_await http_.send(std::move(outgoing)));
    const std::string* location = response.header("location");
    if (!is_redirect(response.status) || location == nullptr) {
      co_return response;
    }
    url = json::resolve_uri(url, *location);
  }
  co_return fail(Code::kUpstream, "an OAuth address redirects more than {} times", kMostRedirects);
}

Task<Result<net::HttpResponse>> Web::post(std::string url, net::HeaderList headers,
                                          std::string body) {
  OAP_CO_CHECK_OK(check(url));
  net::HttpRequest outgoing = request(std::move(url));
  outgoing.method = "POST";
  outgoing.headers = std::move(headers);
  outgoing.body = std::move(body);
  OAP_CO_TRY(net::HttpResponse response, co_await http_.send(std::move(outgoing)));
  if (is_redirect(response.status)) {
    co_return fail(Code::kUpstream,
                   "an OAuth endpoint redirects a request that holds secrets, which is refused");
  }
  co_return response;
}

}  // namespace oap::mcp::oauth
