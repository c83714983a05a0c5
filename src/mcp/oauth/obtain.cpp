#include "mcp/oauth/obtain.hpp"

#include <algorithm>

#include "async/deadline.hpp"
#include "json/print.hpp"
#include "mcp/oauth/authorization.hpp"
#include "mcp/oauth/registration.hpp"
#include "mcp/oauth/token_request.hpp"

namespace oap::mcp::oauth {

namespace {

using Source = ClientRegistration::Source;

/// A configured client without a configured issuer belongs to the first one that it was used at.
Result<void> check_binding(const OAuthOptions& options, const std::vector<Grant>& held,
                           const std::string& issuer) {
  if (options.client_id.empty() || !options.issuer.empty()) {
    return {};
  }
  for (const Grant& grant : held) {
    if (grant.client.source == Source::kConfigured && grant.client.client_id == options.client_id &&
        grant.issuer != issuer) {
      return fail(Code::kConfiguration,
                  "the OAuth client of MCP server {} was used at {}, but the server now wants "
                  "tokens of {}; if that is right, configure the client's issuer",
                  options.server_name, grant.issuer, issuer);
    }
  }
  return {};
}

Task<Result<ClientRegistration>> register_client(Means means, ServerMetadata server,
                                                 std::string redirect_uri, Scopes scopes) {
  if (server.registration_endpoint.empty()) {
    co_return fail(
        Code::kConfiguration,
        "the authorization server {} of MCP server {} takes no new clients; register one "
        "there by hand and configure its client_id",
        server.issuer, means.options->server_name);
  }
  const json::Object body = registration_request(*means.options, server, redirect_uri, scopes);
  net::HeaderList headers{{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  std::string text = json::print(body);
  std::string url = server.registration_endpoint;
  OAP_CO_TRY(const net::HttpResponse response,
             co_await means.web->post(std::move(url), std::move(headers), std::move(text)));
  co_return read_registration(response.status, response.body, server, redirect_uri);
}

Task<Result<ClientRegistration>> client_for(Means means, ServerMetadata server,
                                            std::vector<Grant> held, std::string redirect_uri,
                                            Scopes scopes) {
  OAP_CO_TRY(auto known, known_client(*means.options, server, redirect_uri));
  if (known) {
    co_return *std::move(known);
  }
  const Grant* grant = grant_of(held, server.issuer);
  if (grant != nullptr && grant->client.source == Source::kDynamic &&
      is_usable(grant->client, redirect_uri, means.clock->wall())) {
    co_return grant->client;
  }
  co_return co_await register_client(means, std::move(server), std::move(redirect_uri),
                                     std::move(scopes));
}

/// The client for a flow without a person: it must be configured.
Result<ClientRegistration> configured_client(const OAuthOptions& options,
                                             const ServerMetadata& server) {
  OAP_TRY(auto known, known_client(options, server, ""));
  if (!known || known->source != Source::kConfigured) {
    return fail(Code::kConfiguration,
                "MCP server {} is to be used without a person, which needs a client_id",
                options.server_name);
  }
  return *std::move(known);
}

Task<Result<Tokens>> ask_tokens(Means means, ServerMetadata server, ClientRegistration client,
                                TokenRequest request, Scopes asked) {
  OAP_CO_CHECK_OK(prove(request, client, *means.options, server.issuer, means.clock->wall()));
  std::string body = write_form(request.form);
  std::string url = server.token_endpoint;
  OAP_CO_TRY(const net::HttpResponse response,
             co_await means.web->post(std::move(url), std::move(request.headers), std::move(body)));
  Result<Tokens> tokens = read_tokens(response.status, response.body, asked, means.clock->wall());
  if (!tokens) {
    co_return fail(std::move(tokens).error().with_context("asking " + server.issuer));
  }
  co_return tokens;
}

Grant grant_from(const Target& target, ClientRegistration client, Scopes requested, Tokens tokens) {
  return Grant{target.server.issuer, target.resource, std::move(client), std::move(requested),
               std::move(tokens)};
}

/// From the redirect URI on, when the listener stands.
Task<Result<Grant>> sign_in(Means means, Target target, std::vector<Grant> held, Scopes scopes,
                            std::string redirect_uri) {
  OAP_CO_TRY(ClientRegistration client,
             co_await client_for(means, target.server, std::move(held), redirect_uri, scopes));
  const Attempt attempt = begin_attempt(client, redirect_uri, target.resource, scopes);
  OAP_CO_TRY(std::string url, authorization_url(target.server, attempt));
  const Deadline deadline = Deadline::after(means.options->consent_timeout);
  Task<Result<std::string>> asking =
      means.consent->authorize(std::move(url), std::move(redirect_uri));
  OAP_CO_TRY(const std::string came_back,
             co_await async::with_deadline(deadline, std::move(asking), "the sign-in"));
  OAP_CO_TRY(std::string code, code_of(came_back, attempt, target.server));
  TokenRequest request = code_request(attempt, std::move(code));
  OAP_CO_TRY(Tokens tokens,
             co_await ask_tokens(means, target.server, client, std::move(request), scopes));
  co_return grant_from(target, std::move(client), std::move(scopes), std::move(tokens));
}

Task<Result<Grant>> by_consent(Means means, Target target, std::vector<Grant> held, Scopes scopes) {
  if (means.consent == nullptr) {
    co_return fail(Code::kUnauthenticated,
                   "MCP server {} wants you to sign in: run oap mcp login {}",
                   means.options->server_name, means.options->server_name);
  }
  OAP_CO_CHECK_OK(check_pkce(target.server));
  const Grant* grant = grant_of(held, target.server.issuer);
  std::string wanted = means.options->redirect_uri;
  if (wanted.empty() && grant != nullptr) {
    wanted = grant->client.redirect_uri;
  }
  OAP_CO_TRY(std::string redirect_uri, co_await means.consent->prepare(std::move(wanted)));
  Result<Grant> made = co_await sign_in(means, std::move(target), std::move(held),
                                        std::move(scopes), std::move(redirect_uri));
  co_await means.consent->release();
  co_return made;
}

Task<Result<Grant>> by_client_credentials(Means means, Target target, Scopes scopes) {
  OAP_CO_TRY(ClientRegistration client, configured_client(*means.options, target.server));
  TokenRequest request = client_credentials_request(target.resource, scopes);
  OAP_CO_TRY(Tokens tokens,
             co_await ask_tokens(means, target.server, client, std::move(request), scopes));
  co_return grant_from(target, std::move(client), std::move(scopes), std::move(tokens));
}

Task<Result<std::string>> ask_assertion(Means means, Target target, Scopes scopes) {
  const OAuthOptions& options = *means.options;
  if (options.idp_token_endpoint.empty() || options.idp_id_token.empty()) {
    co_return fail(Code::kConfiguration,
                   "MCP server {} is to be used by way of an identity provider, which needs its "
                   "token endpoint and an identity token",
                   options.server_name);
  }
  ClientRegistration client;
  client.client_id = options.idp_client_id;
  client.client_secret = options.idp_client_secret;
  client.auth_method = options.idp_client_secret.empty() ? kAuthNone : kAuthBasic;
  TokenRequest request = exchange_request(options, target.server.issuer, target.resource, scopes);
  OAP_CO_CHECK_OK(
      prove(request, client, options, origin_of(options.idp_token_endpoint), means.clock->wall()));
  std::string body = write_form(request.form);
  std::string url = options.idp_token_endpoint;
  OAP_CO_TRY(const net::HttpResponse response,
             co_await means.web->post(std::move(url), std::move(request.headers), std::move(body)));
  Result<std::string> assertion = read_assertion(response.status, response.body);
  if (!assertion) {
    co_return fail(std::move(assertion).error().with_context(
        "asking the identity provider at " + origin_of(options.idp_token_endpoint)));
  }
  co_return assertion;
}

Task<Result<Grant>> by_identity_provider(Means means, Target target, Scopes scopes) {
  OAP_CO_TRY(ClientRegistration client, configured_client(*means.options, target.server));
  OAP_CO_TRY(std::string assertion, co_await ask_assertion(means, target, scopes));
  TokenRequest request = assertion_request(std::move(assertion), target.resource, scopes);
  OAP_CO_TRY(Tokens tokens,
             co_await ask_tokens(means, target.server, client, std::move(request), scopes));
  co_return grant_from(target, std::move(client), std::move(scopes), std::move(tokens));
}

Task<Result<Grant>> by_platform(Means means, Target target, Scopes scopes) {
  OAP_CO_TRY(ClientRegistration client, configured_client(*means.options, target.server));
  if (means.options->workload_token.empty()) {
    co_return fail(Code::kConfiguration,
                   "MCP server {} is to be used with the identity of this workload, which needs "
                   "the platform's token",
                   means.options->server_name);
  }
  TokenRequest request = assertion_request(means.options->workload_token, target.resource, scopes);
  OAP_CO_TRY(Tokens tokens,
             co_await ask_tokens(means, target.server, client, std::move(request), scopes));
  co_return grant_from(target, std::move(client), std::move(scopes), std::move(tokens));
}

}  // namespace

Task<Result<Grant>> obtain(Means means, Target target, std::vector<Grant> held, Scopes scopes) {
  OAP_CO_CHECK_OK(check_binding(*means.options, held, target.server.issuer));
  switch (means.options->flow) {
    case Flow::kAuthorizationCode:
      co_return co_await by_consent(means, std::move(target), std::move(held), std::move(scopes));
    case Flow::kClientCredentials:
      co_return co_await by_client_credentials(means, std::move(target), std::move(scopes));
    case Flow::kEnterprise:
      co_return co_await by_identity_provider(means, std::move(target), std::move(scopes));
    case Flow::kWorkload:
      co_return co_await by_platform(means, std::move(target), std::move(scopes));
  }
  co_return fail(Code::kInternal, "an unknown OAuth flow");
}

Task<Result<Grant>> refresh(Means means, ServerMetadata server, Grant grant) {
  if (!grant.tokens || grant.tokens->refresh_token.empty() || server.issuer != grant.issuer) {
    co_return fail(Code::kUnauthenticated, "there is nothing to renew the sign-in with");
  }
  OAP_CO_TRY(auto known, known_client(*means.options, server, grant.client.redirect_uri));
  if (known && known->client_id != grant.client.client_id) {
    co_return fail(Code::kUnauthenticated, "the sign-in was made with another OAuth client");
  }
  if (known) {
    grant.client = *std::move(known);
  }
  TokenRequest request = refresh_request(*grant.tokens, grant.resource);
  Scopes had = grant.tokens->scopes;
  OAP_CO_TRY(Tokens tokens, co_await ask_tokens(means, std::move(server), grant.client,
                                                std::move(request), std::move(had)));
  if (tokens.refresh_token.empty()) {
    tokens.refresh_token = grant.tokens->refresh_token;
  }
  grant.tokens = std::move(tokens);
  co_return grant;
}

const Grant* grant_of(const std::vector<Grant>& grants, std::string_view issuer) {
  const auto found = std::find_if(grants.begin(), grants.end(),
                                  [&](const Grant& grant) { return grant.issuer == issuer; });
  return found == grants.end() ? nullptr : &*found;
}

}  // namespace oap::mcp::oauth
