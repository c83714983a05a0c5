#include "net/fetch.hpp"

#include <algorithm>
#include <array>

#include "net/url.hpp"
#include "net/url_encode.hpp"
#include "text/strings.hpp"

namespace oap::net {
namespace {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_cross_origins(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kHarmless = {
      "Accept", "Accept-Language", "User-Agent", "MCP-Protocol-Version"};
  return std::any_of(kHarmless.begin(), kHarmless.end(),
                     [&](std::string_view each) { return text::equals_ci(each, name); });
}

Task<Result<HttpResponse>> follow(HttpClient& client, HttpRequest request, FetchOptions options) {
  request.reach = options.reach;
  OAP_CO_CHECK_OK(check_fetch_url(request.url, options));
  for (int hops = 0;; ++hops) {
    auto answering = client.send(request);
    OAP_CO_TRY(HttpResponse response, co_await std::move(answering));
    const bool follows = request.method == "GET" && options.max_redirects > 0;
    if (!follows || !is_redirect(response.status)) {
      co_return response;
    }
    if (hops == options.max_redirects) {
      co_return fail(Code::kUpstream, "redirected more than {} times", options.max_redirects);
    }
    OAP_CO_CHECK_OK(redirect(request, response, options));
  }
}

}  // namespace

Result<void> check_fetch_url(std::string_view url, const FetchOptions& options) {
  OAP_TRY(const Url parsed, parse_url(url));
  const bool local = options.reach != Reach::kPublicOnly && is_loopback(parsed.host);
  if (options.https_only && parsed.scheme != "https" && !local) {
    return fail(Code::kPermissionDenied, "{} is not an https URL; only https is allowed here",
                parsed.origin());
  }
  return {};
}

Result<void> redirect(HttpRequest& request, const HttpResponse& response,
                      const FetchOptions& options) {
  const std::string* location = response.header("Location");
  OAP_TRY(const Url from, parse_url(request.url));
  if (location == nullptr) {
    return fail(Code::kUpstream, "{} redirects without saying where to", from.origin());
  }
  auto target = resolve_url(request.url, *location);
  if (!target) {
    return fail(Code::kPermissionDenied, "{} redirects to something that is no http or https URL",
                from.origin());
  }
  OAP_TRY(const Url to, parse_url(*target));
  if (from.scheme == "https" && to.scheme != "https") {
    return fail(Code::kPermissionDenied, "{} redirects to {}, which is not encrypted; refused",
                from.origin(), to.origin());
  }
  if (!to.userinfo.empty()) {
    return fail(Code::kPermissionDenied, "{} redirects to a URL with a user name in it; refused",
                from.origin());
  }
  OAP_CHECK_OK(check_fetch_url(*target, options));
  if (from.origin() != to.origin()) {
    std::erase_if(request.headers,
                  [](const auto& field) { return !may_cross_origins(field.first); });
  }
  request.url = *std::move(target);
  return {};
}

Task<Result<HttpResponse>> fetch(HttpClient& client, HttpRequest request, FetchOptions options) {
  return follow(client, std::move(request), options);
}

}  // namespace oap::net
