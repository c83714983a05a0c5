#include "mcp/oauth/key_source.hpp"

#include "base/log.hpp"
#include "mcp/oauth/discovery.hpp"

namespace oap::mcp::oauth {

KeySource::KeySource(net::HttpClient& http, std::string issuer, std::string jwks_url,
                     const Clock& clock, KeyTimes times)
    : web_(http, issuer, times.timeout, true),
      issuer_(std::move(issuer)),
      jwks_url_(std::move(jwks_url)),
      clock_(clock),
      times_(times) {}

bool KeySource::is_fresh() const { return keys_ && clock_.steady() < fetched_ + times_.ttl; }

bool KeySource::may_fetch() const {
  return !has_tried_ || clock_.steady() >= tried_ + times_.pause;
}

Task<Result<KeySource::Keys>> KeySource::keys() {
  if (is_fresh()) {
    co_return keys_;
  }
  const Deadline deadline = Deadline::after(times_.timeout * 4);
  OAP_CO_TRY(const async::Semaphore::Permit turn, co_await turn_.acquire(deadline));
  if (!is_fresh() && may_fetch()) {
    const Result<void> fetched = co_await fetch();
    if (!fetched) {
      log::warn("oauth", "the keys of an issuer cannot be fetched",
                {{"issuer", issuer_}, {"reason", fetched.error().to_string()}});
    }
  }
  if (!keys_ || clock_.steady() >= fetched_ + times_.ttl + times_.stale) {
    co_return fail(Code::kUnavailable, "the keys of the issuer {} cannot be had now", issuer_);
  }
  co_return keys_;
}

Task<Result<KeySource::Keys>> KeySource::newer(Keys seen) {
  const Deadline deadline = Deadline::after(times_.timeout * 4);
  OAP_CO_TRY(const async::Semaphore::Permit turn, co_await turn_.acquire(deadline));
  if (keys_ == seen && may_fetch()) {
    const Result<void> fetched = co_await fetch();
    if (!fetched) {
      log::warn("oauth", "the keys of an issuer cannot be fetched",
                {{"issuer", issuer_}, {"reason", fetched.error().to_string()}});
    }
  }
  co_return keys_;
}

Task<Result<void>> KeySource::fetch() {
  has_tried_ = true;
  tried_ = clock_.steady();
  std::string url = jwks_url_;
  if (url.empty()) {
    std::string issuer = issuer_;
    OAP_CO_TRY(const ServerMetadata server, co_await discover_server(web_, std::move(issuer)));
    url = server.jwks_uri;
  }
  OAP_CO_TRY(const net::HttpResponse response, co_await web_.get(std::move(url)));
  if (!response.is_success()) {
    co_return fail(Code::kUnavailable, "the issuer answered {}", response.status);
  }
  OAP_CO_TRY(crypto::Jwks parsed, crypto::parse_jwks(response.body));
  keys_ = std::make_shared<const crypto::Jwks>(std::move(parsed));
  fetched_ = clock_.steady();
  co_return Result<void>{};
}

}  // namespace oap::mcp::oauth
