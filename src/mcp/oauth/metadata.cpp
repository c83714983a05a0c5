#include "mcp/oauth/metadata.hpp"

#include <algorithm>

#include "net/url.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::string_view kResource = "/.well-known/oauth-protected-resource";
constexpr std::string_view kServer = "/.well-known/oauth-authorization-server";
constexpr std::string_view kOpenId = "/.well-known/openid-configuration";

std::string_view without_slash(std::string_view path) {
  while (!path.empty() && path.back() == '/') {
    path.remove_suffix(1);
  }
  return path;
}

/// Nothing where the member is absent; an error where it is no list of strings.
Result<std::optional<std::vector<std::string>>> strings(const json::Object& document,
                                                        std::string_view name) {
  const json::Value* value = json::find(document, name);
  if (value == nullptr || value->is_null()) {
    return std::nullopt;
  }
  if (!value->is_array()) {
    return fail(Code::kUpstream, "its member {} is no list", name);
  }
  std::vector<std::string> out;
  for (const json::Value& item : value->get_array()) {
    if (!item.is_string()) {
      return fail(Code::kUpstream, "its member {} holds something else than strings", name);
    }
    out.emplace_back(json::view(item.get_string()));
  }
  return out;
}

Scopes scopes_of(const std::vector<std::string>& words) {
  Scopes out;
  for (const std::string& word : words) {
    out = unite(std::move(out), parse_scopes(word));
  }
  return out;
}

Result<std::string> text_member(const json::Object& document, std::string_view name) {
  std::string value(json::get_string(document, name));
  if (value.empty()) {
    return fail(Code::kUpstream, "its member {} is missing", name);
  }
  return value;
}

}  // namespace

Result<ResourceMetadata> read_resource_metadata(const json::Object& document) {
  ResourceMetadata out;
  OAP_TRY(out.resource, text_member(document, "resource"));
  OAP_TRY(auto servers, strings(document, "authorization_servers"));
  if (!servers || servers->empty()) {
    return fail(Code::kUpstream, "it names no authorization server");
  }
  out.authorization_servers = *std::move(servers);
  OAP_TRY(const auto scopes, strings(document, "scopes_supported"));
  out.scopes_supported = scopes ? scopes_of(*scopes) : Scopes();
  return out;
}

Result<ServerMetadata> read_server_metadata(const json::Object& document) {
  ServerMetadata out;
  OAP_TRY(out.issuer, text_member(document, "issuer"));
  OAP_TRY(out.token_endpoint, text_member(document, "token_endpoint"));
  out.authorization_endpoint = json::get_string(document, "authorization_endpoint");
  out.registration_endpoint = json::get_string(document, "registration_endpoint");
  out.jwks_uri = json::get_string(document, "jwks_uri");
  OAP_TRY(const auto scopes, strings(document, "scopes_supported"));
  if (scopes) {
    out.scopes_supported = scopes_of(*scopes);
  }
  OAP_TRY(out.grant_types_supported, strings(document, "grant_types_supported"));
  OAP_TRY(out.token_endpoint_auth_methods_supported,
          strings(document, "token_endpoint_auth_methods_supported"));
  OAP_TRY(out.code_challenge_methods_supported,
          strings(document, "code_challenge_methods_supported"));
  out.client_id_metadata_document_supported =
      json::get_bool(document, "client_id_metadata_document_supported");
  out.authorization_response_iss_parameter_supported =
      json::get_bool(document, "authorization_response_iss_parameter_supported");
  return out;
}

std::vector<std::string> resource_metadata_urls(std::string_view server_url) {
  const Result<net::Url> url = net::parse_url(server_url);
  if (!url) {
    return {};
  }
  const std::string root = url->origin() + std::string(kResource);
  const std::string_view path = without_slash(url->path);
  const std::string query = url->query.empty() ? "" : "?" + url->query;
  std::vector<std::string> out;
  if (!path.empty() || !query.empty()) {
    out.push_back(root + std::string(path) + query);
  }
  out.push_back(root);
  return out;
}

std::vector<std::string> server_metadata_urls(std::string_view issuer) {
  const Result<net::Url> url = net::parse_url(issuer);
  if (!url) {
    return {};
  }
  const std::string origin = url->origin();
  const std::string path(without_slash(url->path));
  std::vector<std::string> out{origin + std::string(kServer) + path};
  if (!path.empty()) {
    out.push_back(origin + std::string(kOpenId) + path);
  }
  out.push_back(origin + path + std::string(kOpenId));
  return out;
}

ServerMetadata guessed_metadata(std::string_view origin) {
  ServerMetadata out;
  out.issuer = origin;
  out.authorization_endpoint = std::string(origin) + "/authorize";
  out.token_endpoint = std::string(origin) + "/token";
  out.registration_endpoint = std::string(origin) + "/register";
  out.is_guess = true;
  return out;
}

Result<std::string> canonical_resource(std::string_view server_url) {
  OAP_TRY(const net::Url url, net::parse_url(server_url));
  std::string out = url.origin();
  if (url.path != "/") {
    out += url.path;
  }
  if (!url.query.empty()) {
    out += "?" + url.query;
  }
  return out;
}

bool speaks_for(std::string_view resource, std::string_view server_url) {
  const Result<net::Url> wanted = net::parse_url(resource);
  const Result<net::Url> server = net::parse_url(server_url);
  if (!wanted || !server || wanted->origin() != server->origin() || !wanted->userinfo.empty() ||
      resource.find('#') != std::string_view::npos) {
    return false;
  }
  if (!wanted->query.empty() && wanted->query != server->query) {
    return false;
  }
  const std::string_view prefix = without_slash(wanted->path);
  const std::string_view path = server->path;
  return path.substr(0, prefix.size()) == prefix &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::string origin_of(std::string_view url) {
  const Result<net::Url> parsed = net::parse_url(url);
  return parsed ? parsed->origin() : std::string();
}

Result<void> check_pkce(const ServerMetadata& server) {
  const auto& methods = server.code_challenge_methods_supported;
  if (server.is_guess ||
      (methods && std::find(methods->begin(), methods->end(), "S256") != methods->end())) {
    return {};
  }
  return fail(Code::kUpstream,
              "the authorization server {} does not say that it supports PKCE with S256, without "
              "which a sign-in could be stolen; ask its operator",
              server.issuer);
}

}  // namespace oap::mcp::oauth
