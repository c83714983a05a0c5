#include "mcp/oauth/token_request.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "mcp/oauth/client_assertion.hpp"
#include "text/strings.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::string_view kIdJag = "urn:ietf:params:oauth:token-type:id-jag";
constexpr std::int64_t kLongestLife = 10LL * 365 * 24 * 3600;

TokenRequest request_of(Form form) {
  return TokenRequest{
      {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
      std::move(form)};
}

void add_scopes(TokenRequest& request, const Scopes& scopes) {
  if (!scopes.empty()) {
    request.form.emplace_back("scope", join_scopes(scopes));
  }
}

/// Characters of RFC 6750's b64token and all else that a header can carry unharmed.
bool is_presentable(std::string_view token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

Result<json::Object> read_answer(int status, const std::string& body) {
  Result<json::Object> object = json::parse_object(body);
  if (status >= 200 && status < 300) {
    if (!object) {
      return fail(Code::kUpstream, "the token endpoint's answer is no JSON object");
    }
    return object;
  }
  const std::string error(object ? json::get_string(*object, "error") : std::string_view());
  const std::string reason =
      object ? quote_error(error, json::get_string(*object, "error_description"))
             : "no reason given";
  const bool is_refusal = !error.empty() && status >= 400 && status < 500;
  return fail(is_refusal ? Code::kUnauthenticated : Code::kUpstream,
              "the token endpoint answered {}: {}", status, reason);
}

/// Seconds, also where a server writes them as text.
std::optional<std::int64_t> lifetime(const json::Object& answer) {
  const json::Value* value = json::find(answer, "expires_in");
  if (value == nullptr || value->is_null()) {
    return std::nullopt;
  }
  if (!value->is_string()) {
    return std::clamp<std::int64_t>(json::get_int(answer, "expires_in", 0), 0, kLongestLife);
  }
  std::int64_t seconds = 0;
  for (const char c : json::view(value->get_string())) {
    if (!text::is_digit(c)) {
      return 0;
    }
    seconds = std::min(seconds * 10 + (c - '0'), kLongestLife);
  }
  return seconds;
}

}  // namespace

TokenRequest code_request(const Attempt& attempt, std::string code) {
  return request_of({{"grant_type", "authorization_code"},
                     {"code", std::move(code)},
                     {"redirect_uri", attempt.redirect_uri},
                     {"code_verifier", attempt.verifier},
                     {"resource", attempt.resource}});
}

TokenRequest refresh_request(const Tokens& tokens, const std::string& resource) {
  return request_of({{"grant_type", "refresh_token"},
                     {"refresh_token", tokens.refresh_token},
                     {"resource", resource}});
}

TokenRequest client_credentials_request(const std::string& resource, const Scopes& scopes) {
  TokenRequest request = request_of({{"grant_type", "client_credentials"}, {"resource", resource}});
  add_scopes(request, scopes);
  return request;
}

TokenRequest exchange_request(const OAuthOptions& options, const std::string& issuer,
                              const std::string& resource, const Scopes& scopes) {
  TokenRequest request =
      request_of({{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                  {"requested_token_type", std::string(kIdJag)},
                  {"audience", issuer},
                  {"resource", resource},
                  {"subject_token", options.idp_id_token},
                  {"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}});
  add_scopes(request, scopes);
  return request;
}

TokenRequest assertion_request(std::string assertion, const std::string& resource,
                               const Scopes& scopes) {
  TokenRequest request = request_of({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                     {"assertion", std::move(assertion)},
                                     {"resource", resource}});
  add_scopes(request, scopes);
  return request;
}

Result<void> prove(TokenRequest& request, const ClientRegistration& client,
                   const OAuthOptions& options, const std::string& issuer, WallTime now) {
  if (client.auth_method == kAuthBasic) {
    const std::string pair =
        net::percent_encode(client.client_id) + ":" + net::percent_encode(client.client_secret);
    request.headers.emplace_back("Authorization", "Basic " + crypto::to_base64(pair));
    return {};
  }
  request.form.emplace_back("client_id", client.client_id);
  if (client.auth_method == kAuthPost) {
    request.form.emplace_back("client_secret", client.client_secret);
  }
  if (client.auth_method == kAuthPrivateKey) {
    OAP_TRY(std::string assertion, client_assertion(client.client_id, issuer, options, now));
    request.form.emplace_back("client_assertion_type",
                              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    request.form.emplace_back("client_assertion", std::move(assertion));
  }
  return {};
}

Result<Tokens> read_tokens(int status, const std::string& body, const Scopes& asked, WallTime now) {
  OAP_TRY(const json::Object answer, read_answer(status, body));
  Tokens out;
  out.access_token = json::get_string(answer, "access_token");
  if (!is_presentable(out.access_token)) {
    return fail(Code::kUpstream, "the token endpoint's answer has no usable access_token");
  }
  if (!text::equals_ci(json::get_string(answer, "token_type"), "bearer")) {
    return fail(Code::kUpstream,
                "the token endpoint gave a token of another type than Bearer, which this program "
                "cannot use");
  }
  out.refresh_token = json::get_string(answer, "refresh_token");
  const json::Value* scope = json::find(answer, "scope");
  out.scopes = scope != nullptr && scope->is_string()
                   ? parse_scopes(json::view(scope->get_string()))
                   : asked;
  if (const auto seconds = lifetime(answer)) {
    out.expires_at = now + std::chrono::seconds(*seconds);
  }
  return out;
}

Result<std::string> read_assertion(int status, const std::string& body) {
  OAP_TRY(const json::Object answer, read_answer(status, body));
  std::string assertion(json::get_string(answer, "access_token"));
  if (!is_presentable(assertion) || json::get_string(answer, "issued_token_type") != kIdJag) {
    return fail(Code::kUpstream,
                "the identity provider did not give an identity assertion (ID-JAG)");
  }
  return assertion;
}

}  // namespace oap::mcp::oauth
