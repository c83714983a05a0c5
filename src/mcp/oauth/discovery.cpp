#include "mcp/oauth/discovery.hpp"

#include <algorithm>

#include "json/parse.hpp"

namespace oap::mcp::oauth {

namespace {

bool is_absent(int status) { return status >= 400 && status < 500; }

/// The first JSON object of these places; nothing where each says that there is none. Pages that
/// are no JSON count as that: some sites answer everything with a page.
Task<Result<std::optional<json::Object>>> first_document(Web& web, std::vector<std::string> urls) {
  for (const std::string& url : urls) {
    OAP_CO_TRY(const net::HttpResponse response, co_await web.get(url));
    if (response.is_success()) {
      if (Result<json::Object> object = json::parse_object(response.body)) {
        co_return std::optional<json::Object>(*std::move(object));
      }
    } else if (!is_absent(response.status)) {
      co_return fail(Code::kUnavailable, "{} answered {} when asked for OAuth metadata",
                     origin_of(url), response.status);
    }
  }
  co_return std::optional<json::Object>();
}

std::string choose_issuer(const std::vector<std::string>& issuers,
                          const std::vector<std::string>& preferred) {
  for (const std::string& wanted : preferred) {
    if (std::find(issuers.begin(), issuers.end(), wanted) != issuers.end()) {
      return wanted;
    }
  }
  return issuers.front();
}

Result<void> check_endpoints(const Web& web, const ServerMetadata& server) {
  OAP_CHECK_OK(web.check(server.token_endpoint));
  if (!server.authorization_endpoint.empty()) {
    OAP_CHECK_OK(web.check(server.authorization_endpoint));
  }
  if (!server.registration_endpoint.empty()) {
    OAP_CHECK_OK(web.check(server.registration_endpoint));
  }
  return {};
}

/// MCP 2025-03-26: no resource metadata, the server's origin is its own authorization server.
Task<Result<Target>> discover_legacy(Web& web, std::string server_url) {
  Target target;
  OAP_CO_TRY(target.resource, canonical_resource(server_url));
  const std::string origin = origin_of(server_url);
  Result<ServerMetadata> server = co_await discover_server(web, origin);
  if (!server && server.error().code() != Code::kNotFound) {
    co_return fail(std::move(server).error());
  }
  target.server = server ? *std::move(server) : guessed_metadata(origin);
  OAP_CO_CHECK_OK(check_endpoints(web, target.server));
  co_return target;
}

Result<ResourceMetadata> accept_resource(const json::Object& document,
                                         const std::string& server_url) {
  Result<ResourceMetadata> metadata = read_resource_metadata(document);
  if (!metadata) {
    return fail(std::move(metadata).error().with_context("the OAuth resource metadata of " +
                                                         origin_of(server_url)));
  }
  if (!speaks_for(metadata->resource, server_url)) {
    return fail(Code::kPermissionDenied,
                "the OAuth metadata of the MCP server at {} is for another resource ({}); no token "
                "is asked for, because it could be used there",
                origin_of(server_url), origin_of(metadata->resource));
  }
  return metadata;
}

}  // namespace

Task<Result<ServerMetadata>> discover_server(Web& web, std::string issuer) {
  std::vector<std::string> urls = server_metadata_urls(issuer);
  if (urls.empty()) {
    co_return fail(Code::kUpstream, "the name of an authorization server is no URL");
  }
  OAP_CO_TRY(const std::optional<json::Object> document,
             co_await first_document(web, std::move(urls)));
  if (!document) {
    co_return fail(Code::kNotFound, "the authorization server {} publishes no metadata",
                   origin_of(issuer));
  }
  Result<ServerMetadata> server = read_server_metadata(*document);
  if (!server) {
    co_return fail(std::move(server).error().with_context("the metadata of " + origin_of(issuer)));
  }
  if (server->issuer != issuer) {
    co_return fail(Code::kPermissionDenied,
                   "the authorization server metadata at {} is in another issuer's name, so it is "
                   "not used",
                   origin_of(issuer));
  }
  OAP_CO_CHECK_OK(check_endpoints(web, *server));
  co_return server;
}

Task<Result<Target>> discover(Web& web, std::string server_url, std::string metadata_url,
                              std::vector<std::string> preferred) {
  std::vector<std::string> urls = resource_metadata_urls(server_url);
  if (!metadata_url.empty()) {
    urls.insert(urls.begin(), std::move(metadata_url));
  }
  OAP_CO_TRY(const std::optional<json::Object> document,
             co_await first_document(web, std::move(urls)));
  if (!document) {
    co_return co_await discover_legacy(web, std::move(server_url));
  }
  OAP_CO_TRY(ResourceMetadata metadata, accept_resource(*document, server_url));
  std::string issuer = choose_issuer(metadata.authorization_servers, preferred);
  Result<ServerMetadata> server = co_await discover_server(web, std::move(issuer));
  if (!server) {
    const Code code =
        server.error().code() == Code::kNotFound ? Code::kUpstream : server.error().code();
    co_return fail(code, "{}", server.error().to_string());
  }
  Target target;
  target.resource = std::move(metadata.resource);
  target.scopes_supported = std::move(metadata.scopes_supported);
  target.server = *std::move(server);
  co_return target;
}

}  // namespace oap::mcp::oauth
