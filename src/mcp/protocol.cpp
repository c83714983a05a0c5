#include "mcp/protocol.hpp"

#include <algorithm>
#include <utility>

#ifndef OAP_VERSION
#define OAP_VERSION "0.0.0"
#endif

namespace oap::mcp {

const std::vector<std::string>& known_versions() {
  static const std::vector<std::string> kVersions = {std::string(kLatestVersion), "2025-06-18",
                                                     "2025-03-26", "2024-11-05"};
  return kVersions;
}

bool is_known_version(std::string_view version) {
  const auto& known = known_versions();
  return std::find(known.begin(), known.end(), version) != known.end();
}

std::string_view negotiate(std::string_view requested) {
  for (const std::string& version : known_versions()) {
    if (version == requested) {
      return version;
    }
  }
  return kLatestVersion;
}

std::string_view program_version() { return OAP_VERSION; }

Result<ToolSpec> tool_from_json(const std::string& server, json::Value value) {
  if (!value.is_object()) {
    return fail(Code::kUpstream, "a tool must be an object, not {}", json::type_name(value));
  }
  ToolSpec spec;
  spec.server = server;
  spec.name = json::get_string(value, "name");
  if (spec.name.empty()) {
    return fail(Code::kUpstream, "a tool has no name");
  }
  const json::Object* schema = json::find_object(value, "inputSchema");
  if (schema == nullptr) {
    return fail(Code::kUpstream, "the tool '{}' has no inputSchema object", spec.name);
  }
  spec.description = json::get_string(value, "description");
  spec.input_schema = *schema;
  spec.definition = std::move(value.get_object());
  return spec;
}

namespace {

/// Moves a member out of the object; nothing where it is absent.
std::optional<json::Value> take(json::Object& object, std::string_view key) {
  const auto at = object.find(key);
  if (at == object.end()) {
    return std::nullopt;
  }
  std::optional<json::Value> value(std::move(at->value()));
  object.stable_erase(at);
  return value;
}

bool is_complete(const json::Object& result) {
  const json::Value* type = result.if_contains("resultType");
  return type == nullptr || (type->is_string() && json::view(type->get_string()) == "complete");
}

}  // namespace

Result<ToolResult> result_from_json(json::Value value) {
  if (!value.is_object()) {
    return fail(Code::kUpstream, "the result of a tool must be an object, not {}",
                json::type_name(value));
  }
  ToolResult result;
  json::Object& object = value.get_object();
  auto content = take(object, "content");
  result.structured = take(object, "structuredContent");
  if (content && content->is_array()) {
    result.content = std::move(content->get_array());
  } else if (content || (!result.structured && is_complete(object))) {
    return fail(Code::kUpstream, "the result of a tool must have a content array");
  }
  for (const json::Value& block : result.content) {
    if (!block.is_object()) {
      return fail(Code::kUpstream, "a content block must be an object, not {}",
                  json::type_name(block));
    }
  }
  if (const json::Value* error = object.if_contains("isError"); error && error->is_bool()) {
    result.is_error = error->get_bool();
    take(object, "isError");
  }
  if (const json::Value* meta = object.if_contains("_meta"); meta && meta->is_object()) {
    result.meta = std::move(take(object, "_meta")->get_object());
  }
  result.extra = std::move(object);
  return result;
}

json::Object to_json(ToolResult result) {
  json::Object object;
  const bool complete = is_complete(result.extra);
  if (complete || !result.content.empty()) {
    object["content"] = std::move(result.content);
  }
  if (result.structured) {
    object["structuredContent"] = *std::move(result.structured);
  }
  if (complete || result.is_error) {
    object["isError"] = result.is_error;
  }
  if (!result.meta.empty()) {
    object["_meta"] = std::move(result.meta);
  }
  for (auto& member : result.extra) {
    if (!object.contains(member.key())) {
      object[member.key()] = std::move(member.value());
    }
  }
  return object;
}

}  // namespace oap::mcp
