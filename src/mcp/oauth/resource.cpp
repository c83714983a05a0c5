#include "mcp/oauth/resource.hpp"

#include "mcp/oauth/metadata.hpp"

namespace oap::mcp::oauth {

namespace {

json::Array array_of(const std::vector<std::string>& words) {
  json::Array out;
  for (const std::string& word : words) {
    out.emplace_back(word);
  }
  return out;
}

}  // namespace

json::Object protected_resource_metadata(const ResourceConfig& config) {
  json::Object out;
  out["resource"] = config.resource;
  out["authorization_servers"] = array_of(config.authorization_servers);
  Scopes scopes = config.scopes;
  std::erase(scopes, "offline_access");
  if (!scopes.empty()) {
    out["scopes_supported"] = array_of(scopes);
  }
  out["bearer_methods_supported"] = json::Array{"header"};
  if (!config.name.empty()) {
    out["resource_name"] = config.name;
  }
  if (!config.documentation.empty()) {
    out["resource_documentation"] = config.documentation;
  }
  return out;
}

std::string resource_metadata_path(std::string_view resource) {
  const std::vector<std::string> urls = resource_metadata_urls(resource);
  if (urls.empty()) {
    return {};
  }
  return urls.front().substr(origin_of(urls.front()).size());
}

std::string resource_metadata_url(const ResourceConfig& config) {
  const std::vector<std::string> urls = resource_metadata_urls(config.resource);
  return config.authorization_servers.empty() || urls.empty() ? std::string() : urls.front();
}

}  // namespace oap::mcp::oauth
