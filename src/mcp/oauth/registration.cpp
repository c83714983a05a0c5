#include "mcp/oauth/registration.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "mcp/oauth/authorization.hpp"
#include "net/url.hpp"

namespace oap::mcp::oauth {

namespace {

bool lists(const ServerMetadata& server, std::string_view method) {
  const auto& methods = server.token_endpoint_auth_methods_supported;
  return methods && std::find(methods->begin(), methods->end(), method) != methods->end();
}

ClientRegistration configured(const OAuthOptions& options, const ServerMetadata& server) {
  ClientRegistration out;
  out.source = ClientRegistration::Source::kConfigured;
  out.client_id = options.client_id;
  out.client_secret = options.client_secret;
  out.auth_method = choose_auth_method(server, !options.client_secret.empty(),
                                       !options.private_key_pem.empty(), "");
  return out;
}

Result<ClientRegistration> by_document(const OAuthOptions& options) {
  const Result<net::Url> url = net::parse_url(options.client_metadata_url);
  if (!url || url->scheme != "https" || url->path.size() < 2 || !url->userinfo.empty()) {
    return fail(Code::kConfiguration,
                "client_metadata_url of MCP server {} is no https URL with a path",
                options.server_name);
  }
  ClientRegistration out;
  out.source = ClientRegistration::Source::kMetadataDocument;
  out.client_id = options.client_metadata_url;
  out.auth_method = options.private_key_pem.empty() ? kAuthNone : kAuthPrivateKey;
  return out;
}

/// What to ask for when registering: a program on a person's machine keeps no secret.
std::string wanted_method(const ServerMetadata& server) {
  const auto& methods = server.token_endpoint_auth_methods_supported;
  if (!methods || lists(server, kAuthNone)) {
    return std::string(kAuthNone);
  }
  return std::string(!lists(server, kAuthBasic) && lists(server, kAuthPost) ? kAuthPost
                                                                            : kAuthBasic);
}

tl::unexpected<Error> refused(const ServerMetadata& server, std::string_view why) {
  return fail(Code::kUpstream,
              "the authorization server {} did not register this program: {}; register a client "
              "there by hand and configure its client_id",
              server.issuer, why);
}

}  // namespace

Result<std::optional<ClientRegistration>> known_client(const OAuthOptions& options,
                                                       const ServerMetadata& server,
                                                       const std::string& redirect_uri) {
  if (!options.client_id.empty()) {
    if (!options.issuer.empty() && options.issuer != server.issuer) {
      return fail(Code::kConfiguration,
                  "the configured OAuth client of MCP server {} belongs to {}, but the server now "
                  "wants tokens of {}; if that is right, configure a client of the latter",
                  options.server_name, options.issuer, server.issuer);
    }
    ClientRegistration client = configured(options, server);
    client.redirect_uri = redirect_uri;
    return client;
  }
  if (!options.client_metadata_url.empty() && server.client_id_metadata_document_supported) {
    OAP_TRY(ClientRegistration client, by_document(options));
    client.redirect_uri = redirect_uri;
    return client;
  }
  return std::nullopt;
}

bool is_usable(const ClientRegistration& client, const std::string& redirect_uri, WallTime now) {
  return client.redirect_uri == redirect_uri &&
         (!client.secret_expires_at || now < *client.secret_expires_at);
}

json::Object registration_request(const OAuthOptions& options, const ServerMetadata& server,
                                  const std::string& redirect_uri, const Scopes& scopes) {
  const Result<net::Url> redirect = net::parse_url(redirect_uri);
  const bool native = !redirect || net::is_loopback(redirect->host);
  json::Object out;
  out["client_name"] = options.client_name;
  out["application_type"] = native ? "native" : "web";
  out["redirect_uris"] = json::Array{json::Value(redirect_uri)};
  out["grant_types"] = json::Array{"authorization_code", "refresh_token"};
  out["response_types"] = json::Array{"code"};
  out["token_endpoint_auth_method"] = wanted_method(server);
  if (!scopes.empty()) {
    out["scope"] = join_scopes(scopes);
  }
  return out;
}

Result<ClientRegistration> read_registration(int status, const std::string& body,
                                             const ServerMetadata& server,
                                             const std::string& redirect_uri) {
  const Result<json::Object> object = json::parse_object(body);
  if (status != 200 && status != 201) {
    const std::string error = object ? quote_error(json::get_string(*object, "error"),
                                                   json::get_string(*object, "error_description"))
                                     : "no reason given";
    return refused(server, fmt::format("status {}, {}", status, error));
  }
  if (!object || json::get_string(*object, "client_id").empty()) {
    return refused(server, "its answer has no client_id");
  }
  ClientRegistration out;
  out.source = ClientRegistration::Source::kDynamic;
  out.client_id = json::get_string(*object, "client_id");
  out.client_secret = json::get_string(*object, "client_secret");
  out.redirect_uri = redirect_uri;
  out.auth_method = choose_auth_method(server, !out.client_secret.empty(), false,
                                       json::get_string(*object, "token_endpoint_auth_method"));
  const std::int64_t expires = json::get_int(*object, "client_secret_expires_at", 0);
  if (expires > 0 && !out.client_secret.empty()) {
    out.secret_expires_at = WallTime(std::chrono::seconds(expires));
  }
  return out;
}

std::string choose_auth_method(const ServerMetadata& server, bool has_secret, bool has_key,
                               std::string_view told) {
  const bool listed = server.token_endpoint_auth_methods_supported.has_value();
  if (has_key && (!has_secret || lists(server, kAuthPrivateKey))) {
    return std::string(kAuthPrivateKey);
  }
  if (!has_secret) {
    return std::string(kAuthNone);
  }
  if (told == kAuthBasic || told == kAuthPost || told == kAuthNone) {
    return std::string(told);
  }
  if (!listed || lists(server, kAuthBasic)) {
    return std::string(kAuthBasic);
  }
  return std::string(lists(server, kAuthPost) || !lists(server, kAuthNone) ? kAuthPost : kAuthNone);
}

}  // namespace oap::mcp::oauth
