#include "config/decode_sections.hpp"
#include "config/decode_values.hpp"

namespace oap::config {
namespace {

void api_keys(const json::Value& auth, Decoding& at) {
  if (const json::Array* const keys = json::find_array(auth, "api_keys")) {
    for (const json::Value& each : *keys) {
      GatewayKey key{text_of(each, "key"), text_of(each, "sha256"), text_of(each, "user"),
                     text_of(each, "role"), text_of(each, "tenant")};
      if (key.key.empty() == key.sha256.empty()) {
        at.problem("/gateway/auth/api_keys", "each entry has either key or sha256");
      }
      if (key.user.empty()) {
        at.problem("/gateway/auth/api_keys", "each entry needs user");
      }
      at.config.gateway.api_keys.push_back(std::move(key));
    }
  }
}

void jwt(const json::Value& value, Decoding& at) {
  Gateway& gateway = at.config.gateway;
  gateway.jwt = GatewayJwt{text_of(value, "issuer"),
                           text_of(value, "jwks_url"),
                           text_of(value, "audience"),
                           texts(value, "scopes"),
                           std::string(json::get_string(value, "user_claim", "sub")),
                           text_of(value, "role_claim"),
                           text_of(value, "tenant_claim")};
  if (gateway.jwt->issuer.empty()) {
    at.problem("/gateway/auth/jwt", "needs issuer");
  }
  if (gateway.jwt->audience.empty() && gateway.public_url.empty()) {
    at.problem("/gateway/auth/jwt", "needs audience, or gateway.public_url: whom tokens are for");
  }
}

void tool_search(const json::Value& search, Gateway& gateway) {
  gateway.tool_search = json::get_bool(search, "enabled", true);
  gateway.tool_search_threshold = static_cast<int>(json::get_int(search, "threshold", 100));
  gateway.tool_search_tokens = static_cast<int>(json::get_int(search, "max_tokens", 25'000));
  gateway.always_load = texts(search, "always_load");
}

}  // namespace

void decode_gateway(const json::Value& value, Decoding& at) {
  Gateway& gateway = at.config.gateway;
  gateway.allowed_hosts = texts(value, "allowed_hosts");
  gateway.allowed_origins = texts(value, "allowed_origins");
  gateway.public_url = text_of(value, "public_url");
  const std::string_view naming = json::get_string(value, "naming");
  if (!naming.empty()) {
    gateway.naming = naming == "passthrough" ? ToolNaming::kPassthrough : ToolNaming::kPrefix;
  }
  const json::Value& auth = section(value, "auth");
  api_keys(auth, at);
  if (has(auth, "jwt")) {
    jwt(section(auth, "jwt"), at);
  }
  tool_search(section(value, "tool_search"), gateway);
  gateway.max_message = size(value, "max_message").value_or(gateway.max_message);
  gateway.list_timeout = seconds(value, "list_timeout");
  gateway.call_timeout = seconds(value, "call_timeout");
  gateway.session_idle = seconds(value, "session_idle");
}

}  // namespace oap::config
