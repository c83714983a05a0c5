#include "mcp/oauth/authenticator.hpp"

#include <algorithm>

#include "mcp/oauth/challenge.hpp"
#include "mcp/oauth/form.hpp"
#include "text/strings.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::size_t kLongestCredential = 16U << 10U;

/// RFC 6750 §2.1: b64token.
bool is_b64token(std::string_view text) {
  while (!text.empty() && text.back() == '=') {
    text.remove_suffix(1);
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

bool is_in_query(std::string_view target) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) {
    return false;
  }
  for (const auto& [name, value] : parse_form(target.substr(question + 1))) {
    for (const std::string_view secret :
         {"access_token", "token", "api_key", "apikey", "x-api-key"}) {
      if (text::equals_ci(name, secret)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Challenger::Challenger(const ResourceConfig& resource)
    : metadata_url_(resource_metadata_url(resource)), scopes_(resource.scopes) {}

Refusal Challenger::missing() const {
  return Refusal{401, write_challenge({"", "", join_scopes(scopes_), metadata_url_}),
                 "this server wants credentials"};
}

Refusal Challenger::invalid(std::string why) const {
  return Refusal{401, write_challenge({"invalid_token", why, join_scopes(scopes_), metadata_url_}),
                 std::move(why)};
}

Refusal Challenger::scope(const Scopes& wanted) const {
  std::string why = "the token lacks a scope";
  return Refusal{403,
                 write_challenge({"insufficient_scope", why, join_scopes(wanted), metadata_url_}),
                 std::move(why)};
}

Refusal Challenger::malformed(std::string why) const {
  return Refusal{400, write_challenge({"invalid_request", why, "", metadata_url_}), std::move(why)};
}

tl::expected<std::optional<Presented>, Refusal> read_presented(const net::RequestHead& head,
                                                               const Challenger& challenger) {
  const auto refuse = [&](std::string why) {
    return tl::unexpected<Refusal>(challenger.malformed(std::move(why)));
  };
  if (is_in_query(head.target)) {
    return refuse("a credential in the URL is refused; send it in the Authorization header");
  }
  const std::size_t tokens = net::count_headers(head.headers, "Authorization");
  const std::size_t keys = net::count_headers(head.headers, "X-API-Key");
  if (tokens + keys > 1) {
    return refuse("more than one credential");
  }
  if (keys == 1) {
    const std::string_view key = text::trim(*head.header("X-API-Key"));
    if (key.empty() || key.size() > kLongestCredential) {
      return refuse("the API key is empty or too long");
    }
    return Presented{std::string(key), true};
  }
  if (tokens == 0) {
    return std::nullopt;
  }
  const std::string_view value = text::trim(*head.header("Authorization"));
  const std::size_t blank = std::min(value.find(' '), value.size());
  if (!text::equals_ci(value.substr(0, blank), "bearer")) {
    return std::nullopt;
  }
  const std::string_view token = text::trim(value.substr(blank));
  if (!is_b64token(token) || token.size() > kLongestCredential) {
    return refuse("the Bearer token is malformed");
  }
  return Presented{std::string(token), false};
}

ChainAuthenticator::ChainAuthenticator(std::vector<Verifier*> verifiers,
                                       const ResourceConfig& resource)
    : verifiers_(std::move(verifiers)), challenger_(resource) {}

Task<tl::expected<Principal, Refusal>> ChainAuthenticator::authenticate(net::RequestHead head) {
  const auto presented = read_presented(head, challenger_);
  if (!presented) {
    co_return tl::unexpected<Refusal>(presented.error());
  }
  if (!*presented) {
    co_return tl::unexpected<Refusal>(challenger_.missing());
  }
  for (Verifier* verifier : verifiers_) {
    Verifier::Verdict verdict = co_await verifier->verify(**presented, challenger_);
    if (!verdict) {
      co_return tl::unexpected<Refusal>(std::move(verdict).error());
    }
    if (*verdict) {
      co_return **std::move(verdict);
    }
  }
  co_return tl::unexpected<Refusal>(challenger_.invalid("the credential is not known here"));
}

}  // namespace oap::mcp::oauth
