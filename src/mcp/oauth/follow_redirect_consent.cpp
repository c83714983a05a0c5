#include "mcp/oauth/consent.hpp"

namespace oap::mcp::oauth {

FollowRedirectConsent::FollowRedirectConsent(net::HttpClient& http, std::string redirect_uri)
    : http_(http), redirect_uri_(std::move(redirect_uri)) {}

Task<Result<std::string>> FollowRedirectConsent::prepare(std::string wanted) {
  co_return wanted.empty() ? redirect_uri_ : std::move(wanted);
}

Task<Result<std::string>> FollowRedirectConsent::authorize(std::string url,
                                                           std::string /*redirect_uri*/) {
  net::HttpRequest request;
  request.url = std::move(url);
  request.deadline = Deadline::after(Millis(15'000));
  request.max_body = 1U << 20U;
  OAP_CO_TRY(const net::HttpResponse response, co_await http_.send(std::move(request)));
  const std::string* location = response.header("location");
  if (location == nullptr) {
    co_return fail(Code::kUnauthenticated,
                   "the authorization server answered {} and sent nobody back", response.status);
  }
  co_return *location;
}

Task<void> FollowRedirectConsent::release() { co_return; }

}  // namespace oap::mcp::oauth
