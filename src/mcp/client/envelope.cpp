#include "mcp/client/envelope.hpp"

#include <fmt/format.h>

#include "mcp/client/param_headers.hpp"
#include "text/strings.hpp"

namespace oap::mcp {
namespace {

std::string file_uri(const std::string& path) {
  std::string uri = "file://";
  for (const char c : path) {
    const bool plain = text::is_alpha(c) || text::is_digit(c) ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

}  // namespace

json::Object own_info() {
  json::Object info;
  info["name"] = "oap";
  info["version"] = program_version();
  return info;
}

json::Object roots_of(const std::string& workspace) {
  json::Object root;
  root["uri"] = file_uri(workspace);
  root["name"] = workspace.substr(workspace.rfind('/') + 1);
  json::Array roots;
  roots.push_back(std::move(root));
  json::Object answer;
  answer["roots"] = std::move(roots);
  return answer;
}

json::Object capabilities_of(const ServerSpec& spec) {
  json::Object capabilities = spec.capabilities;
  if (!spec.workspace.empty() && !capabilities.contains("roots")) {
    capabilities["roots"] = json::Object{};
  }
  return capabilities;
}

void put_envelope(json::Object& params, Era era, const ServerSpec& spec,
                  const RequestOptions& options) {
  json::Value* found = params.if_contains("_meta");
  if (era == Era::kLegacy && found == nullptr) {
    return;
  }
  if (found == nullptr || !found->is_object()) {
    params["_meta"] = json::Object{};
    found = params.if_contains("_meta");
  }
  json::Object& meta = found->get_object();
  if (era == Era::kLegacy) {
    for (const auto key : {kMetaVersion, kMetaCapabilities, kMetaClientInfo, kMetaLogLevel}) {
      if (const auto at = meta.find(key); at != meta.end()) {
        meta.stable_erase(at);
      }
    }
    return;
  }
  meta[kMetaVersion] = kModernVersion;
  meta[kMetaCapabilities] = options.capabilities ? *options.capabilities : capabilities_of(spec);
  meta[kMetaClientInfo] = options.client_info ? *options.client_info : own_info();
  if (!options.log_level.empty()) {
    meta[kMetaLogLevel] = options.log_level;
  } else if (const auto at = meta.find(kMetaLogLevel); at != meta.end()) {
    meta.stable_erase(at);
  }
}

net::HeaderList standard_headers(std::string_view method, const json::Object& params) {
  net::HeaderList headers;
  headers.emplace_back("Mcp-Method", method);
  std::string_view key;
  if (method == "tools/call" || method == "prompts/get") {
    key = "name";
  } else if (method == "resources/read") {
    key = "uri";
  } else if (method.starts_with("tasks/")) {
    key = "taskId";
  }
  const json::Value* name = key.empty() ? nullptr : json::find(params, key);
  if (name != nullptr && name->is_string()) {
    headers.emplace_back("Mcp-Name", encode_header_value(json::view(name->get_string())));
  }
  return headers;
}

}  // namespace oap::mcp
