#include "mcp/oauth/authorization.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/token.hpp"
#include "json/uri.hpp"
#include "mcp/oauth/form.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::string_view kOffline = "offline_access";
constexpr std::size_t kMostWords = 300;

tl::unexpected<Error> refuse(std::string_view why) {
  return fail(Code::kPermissionDenied,
              "the answer to the sign-in was refused: {}; it may have been forged, start again",
              why);
}

Result<void> check_issuer(const Form& query, const ServerMetadata& server) {
  if (count(query, "iss") == 0) {
    if (server.authorization_response_iss_parameter_supported) {
      return refuse(
          "it does not say which authorization server sent it, although that one always "
          "does");
    }
    return {};
  }
  if (single(query, "iss") != server.issuer) {
    return refuse("it comes from another authorization server than the one asked");
  }
  return {};
}

bool is_at(const json::Uri& url, const json::Uri& redirect) {
  return url.scheme == redirect.scheme && url.authority == redirect.authority &&
         url.path == redirect.path;
}

bool has_refresh(const ServerMetadata& server) {
  const auto& grants = server.grant_types_supported;
  return !grants || std::find(grants->begin(), grants->end(), "refresh_token") != grants->end();
}

}  // namespace

Attempt begin_attempt(const ClientRegistration& client, std::string redirect_uri,
                      std::string resource, Scopes scopes) {
  return Attempt{crypto::random_token(), crypto::pkce_verifier(), std::move(redirect_uri),
                 client.client_id,       std::move(resource),     std::move(scopes)};
}

Result<std::string> authorization_url(const ServerMetadata& server, const Attempt& attempt) {
  if (server.authorization_endpoint.empty()) {
    return fail(Code::kUpstream, "the authorization server {} has no page to sign in",
                server.issuer);
  }
  Form form{{"response_type", "code"},
            {"client_id", attempt.client_id},
            {"redirect_uri", attempt.redirect_uri},
            {"state", attempt.state},
            {"code_challenge", crypto::pkce_challenge(attempt.verifier)},
            {"code_challenge_method", "S256"},
            {"resource", attempt.resource}};
  if (!attempt.scopes.empty()) {
    form.emplace_back("scope", join_scopes(attempt.scopes));
  }
  if (has_scope(attempt.scopes, kOffline)) {
    form.emplace_back("prompt", "consent");
  }
  return with_query(server.authorization_endpoint, form);
}

Result<std::string> code_of(const std::string& came_back, const Attempt& attempt,
                            const ServerMetadata& server) {
  const json::Uri url = json::split_uri(came_back);
  if (!is_at(url, json::split_uri(attempt.redirect_uri))) {
    return refuse("it came to another address than the one given");
  }
  const Form query = parse_form(url.query.value_or(""));
  for (const std::string_view name : {"state", "code", "iss", "error"}) {
    if (count(query, name) > 1) {
      return refuse("a parameter is in it twice");
    }
  }
  const std::string state = single(query, "state").value_or("");
  if (!crypto::constant_time_equal(state, attempt.state)) {
    return refuse("it does not belong to this sign-in (state)");
  }
  OAP_CHECK_OK(check_issuer(query, server));
  if (const auto error = single(query, "error")) {
    return fail(Code::kUnauthenticated, "the authorization server {} refused the sign-in: {}",
                server.issuer,
                quote_error(*error, single(query, "error_description").value_or("")));
  }
  std::optional<std::string> code = single(query, "code");
  if (!code || code->empty()) {
    return refuse("it has no code");
  }
  return *std::move(code);
}

std::string quote_error(std::string_view error, std::string_view description) {
  std::string text(error.empty() ? "no reason given" : error);
  if (!description.empty()) {
    text.append(" (").append(description).append(")");
  }
  std::string out;
  for (const char c : text.substr(0, kMostWords)) {
    out += static_cast<unsigned char>(c) >= ' ' && c != '\x7F' ? c : ' ';
  }
  return out;
}

Scopes choose_scopes(const Scopes& challenged, const Scopes& supported, const Scopes& before,
                     const ServerMetadata& server) {
  Scopes out = unite(before, challenged.empty() ? supported : challenged);
  if (!server.scopes_supported) {
    return out;
  }
  if (!has_scope(*server.scopes_supported, kOffline)) {
    std::erase(out, kOffline);
  } else if (!out.empty() && has_refresh(server)) {
    out = unite(std::move(out), {std::string(kOffline)});
  }
  return out;
}

}  // namespace oap::mcp::oauth
