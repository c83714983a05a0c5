#include "mcp/server/envelope.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "mcp/protocol.hpp"

namespace oap::mcp {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Rejection reject(int code, std::string message, std::optional<json::Value> data = {}) {
  return Rejection{400, jsonrpc::ErrorObject{code, std::move(message), std::move(data)}};
}

tl::unexpected<Rejection> lacks(std::string what) {
  return tl::unexpected<Rejection>(reject(jsonrpc::kInvalidParams, std::move(what)));
}

Rejection mismatch(std::string what) {
  return reject(kHeaderMismatch, "Header mismatch: " + std::move(what));
}

/// The member of params that Mcp-Name repeats; "" for methods that have none.
std::string_view name_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") {
    return "name";
  }
  if (method == "resources/read") {
    return "uri";
  }
  constexpr std::array<std::string_view, 3> kTasks{"tasks/get", "tasks/update", "tasks/cancel"};
  return is_one_of(kTasks, method) ? "taskId" : std::string_view();
}

/// The one field of that name. Nothing and an error where there are several or it cannot be read.
tl::expected<std::optional<std::string>, Rejection> one_header(const net::HeaderList& headers,
                                                               std::string_view name) {
  const std::string* value = net::find_header(headers, name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (net::count_headers(headers, name) > 1) {
    return tl::unexpected<Rejection>(mismatch(fmt::format("{} was sent more than once", name)));
  }
  auto decoded = decode_header_value(*value);
  if (!decoded) {
    return tl::unexpected<Rejection>(
        mismatch(fmt::format("the value of {} is not validly encoded", name)));
  }
  return std::optional<std::string>(std::move(*decoded));
}

const json::Value* at_path(const json::Object& arguments, const std::vector<std::string>& path) {
  const json::Object* object = &arguments;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    object = json::find_object(*object, path[i]);
    if (object == nullptr) {
      return nullptr;
    }
  }
  const json::Value* value = json::find(*object, path.back());
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool is_cacheable(std::string_view method) {
  constexpr std::array<std::string_view, 6> kMethods{"server/discover", "tools/list",
                                                     "prompts/list",    "resources/list",
                                                     "resources/read",  "resources/templates/list"};
  return is_one_of(kMethods, method);
}

json::Object nested(std::string_view outer, std::string_view inner) {
  json::Object object;
  json::Object& value = object[outer].emplace_object();
  if (!inner.empty()) {
    value[inner].emplace_object();
  }
  return object;
}

/// "form" and "url" of elicitation; an empty capability means form alone.
bool can_elicit(const json::Object& capability, std::string_view mode) {
  return json::find(capability, mode) != nullptr || (mode == "form" && capability.empty());
}

}  // namespace

std::optional<LogLevel> log_level(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames{"debug", "info",     "notice", "warning",
                                                   "error", "critical", "alert",  "emergency"};
  const auto* const it = std::find(kNames.begin(), kNames.end(), name);
  if (it == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<LogLevel>(it - kNames.begin());
}

bool has_envelope(const json::Object& params) {
  const json::Object* meta = json::find_object(params, "_meta");
  return meta != nullptr && (json::find(*meta, kMetaVersion) != nullptr ||
                             json::find(*meta, kMetaCapabilities) != nullptr);
}

Era era_of(const jsonrpc::Request& request, const std::string* version) {
  if (has_envelope(request.params)) {
    return Era::kModern;
  }
  const bool modern = version != nullptr && *version == kModernVersion;
  return modern && request.method != "initialize" ? Era::kModern : Era::kLegacy;
}

tl::expected<Envelope, Rejection> read_envelope(const json::Object& params) {
  const json::Object* meta = json::find_object(params, "_meta");
  if (meta == nullptr) {
    return lacks(
        fmt::format("params._meta is missing: every request of {} has it", kModernVersion));
  }
  const json::Value* version = json::find(*meta, kMetaVersion);
  if (version == nullptr || !version->is_string()) {
    return lacks(fmt::format("params._meta needs the string {}", kMetaVersion));
  }
  const json::Object* capabilities = json::find_object(*meta, kMetaCapabilities);
  if (capabilities == nullptr) {
    return lacks(fmt::format("params._meta needs the object {}", kMetaCapabilities));
  }
  Envelope envelope;
  envelope.version = json::view(version->get_string());
  envelope.capabilities = *capabilities;
  if (const json::Value* info = json::find(*meta, kMetaClientInfo)) {
    if (!info->is_object()) {
      return lacks(fmt::format("params._meta member {} must be an object", kMetaClientInfo));
    }
    envelope.info = info->get_object();
  }
  if (const json::Value* level = json::find(*meta, kMetaLogLevel)) {
    envelope.log_level =
        level->is_string() ? log_level(json::view(level->get_string())) : std::nullopt;
    if (!envelope.log_level) {
      return lacks(fmt::format("params._meta member {} is no log level", kMetaLogLevel));
    }
  }
  return envelope;
}

std::optional<Rejection> check_version(std::string_view version) {
  if (version == kModernVersion) {
    return std::nullopt;
  }
  json::Object data;
  data["supported"] = json::Array{json::Value(kModernVersion)};
  data["requested"] = version;
  return reject(kUnsupportedVersion,
                fmt::format("Unsupported protocol version: requests with _meta are answered in {}; "
                            "earlier versions begin with initialize",
                            kModernVersion),
                std::move(data));
}

std::optional<Rejection> check_version_header(const net::HeaderList& headers,
                                              std::string_view version) {
  const auto header = one_header(headers, "MCP-Protocol-Version");
  if (!header) {
    return header.error();
  }
  if (!*header) {
    return mismatch("MCP-Protocol-Version is missing");
  }
  if (**header != version) {
    return mismatch("MCP-Protocol-Version is not the version in params._meta");
  }
  return std::nullopt;
}

std::optional<Rejection> check_method_headers(const net::HeaderList& headers,
                                              const jsonrpc::Request& request) {
  const auto method = one_header(headers, "Mcp-Method");
  if (!method) {
    return method.error();
  }
  if (!*method) {
    return mismatch("Mcp-Method is missing");
  }
  if (**method != request.method) {
    return mismatch("Mcp-Method is not the method of the body");
  }
  const std::string_view member = name_member(request.method);
  if (member.empty()) {
    return std::nullopt;
  }
  const auto name = one_header(headers, "Mcp-Name");
  if (!name) {
    return name.error();
  }
  const json::Value* expected = json::find(request.params, member);
  const bool in_body = expected != nullptr && expected->is_string();
  if (in_body && !*name) {
    return mismatch(fmt::format("Mcp-Name is missing; it repeats params.{}", member));
  }
  if (*name && (!in_body || **name != json::view(expected->get_string()))) {
    return mismatch(fmt::format("Mcp-Name is not params.{} of the body", member));
  }
  return std::nullopt;
}

std::optional<Rejection> check_mirrored(const net::HeaderList& headers, const json::Object& params,
                                        const std::vector<MirroredParam>& mirrored) {
  static const json::Object kNone;
  const json::Object* given = json::find_object(params, "arguments");
  const json::Object& arguments = given == nullptr ? kNone : *given;
  for (const MirroredParam& param : mirrored) {
    const auto header = one_header(headers, param.header);
    if (!header) {
      return header.error();
    }
    const json::Value* value = at_path(arguments, param.path);
    value = value != nullptr && value->is_null() ? nullptr : value;
    if (value != nullptr && !*header) {
      return mismatch(fmt::format("{} is missing although the argument is there", param.header));
    }
    if (*header && (value == nullptr || !header_equals(**header, *value))) {
      return mismatch(fmt::format("{} is not the value of the argument", param.header));
    }
  }
  return std::nullopt;
}

bool may_be_modern(std::string_view method) {
  constexpr std::array<std::string_view, 10> kGone{"initialize",
                                                   "ping",
                                                   "logging/setLevel",
                                                   "resources/subscribe",
                                                   "tasks/result",
                                                   "tasks/list",
                                                   "resources/unsubscribe",
                                                   "sampling/createMessage",
                                                   "roots/list",
                                                   "elicitation/create"};
  return !is_one_of(kGone, method);
}

bool may_be_legacy(std::string_view method) {
  constexpr std::array<std::string_view, 6> kOther{"server/discover", "subscriptions/listen",
                                                   "tasks/update",    "sampling/createMessage",
                                                   "roots/list",      "elicitation/create"};
  return !is_one_of(kOther, method);
}

bool may_require_input(std::string_view method) {
  constexpr std::array<std::string_view, 3> kMethods{"tools/call", "prompts/get", "resources/read"};
  return is_one_of(kMethods, method);
}

int http_status_of(const jsonrpc::ErrorObject& error) {
  switch (error.code) {
    case jsonrpc::kMethodNotFound:
      return 404;
    case kHeaderMismatch:
    case kMissingCapability:
    case kUnsupportedVersion:
      return 400;
    default:
      return 200;
  }
}

jsonrpc::ErrorObject modern_error(jsonrpc::ErrorObject error) {
  if (error.code == kResourceNotFoundLegacy) {
    error.code = jsonrpc::kInvalidParams;
  } else if (error.code == kUrlElicitationRequired) {
    error.code = jsonrpc::kInternalError;
  }
  return error;
}

void complete_result(std::string_view method, const json::Object& server_info,
                     json::Object& result) {
  if (json::find(result, "resultType") == nullptr) {
    result["resultType"] = "complete";
  }
  if (is_cacheable(method)) {
    if (json::find(result, "ttlMs") == nullptr) {
      result["ttlMs"] = 0;
    }
    if (json::find(result, "cacheScope") == nullptr) {
      result["cacheScope"] = "private";
    }
  }
  json::Value& meta = result["_meta"];
  if (meta.is_null()) {
    meta.emplace_object();
  }
  if (meta.is_object() && json::find(meta.get_object(), kMetaServerInfo) == nullptr) {
    meta.get_object()[kMetaServerInfo] = server_info;
  }
}

std::optional<json::Object> missing_capability(std::string_view method, const json::Object& params,
                                               const json::Object& declared) {
  if (method == "roots/list") {
    return json::find_object(declared, "roots") == nullptr
               ? std::optional<json::Object>(nested("roots", ""))
               : std::nullopt;
  }
  if (method == "sampling/createMessage") {
    const json::Object* sampling = json::find_object(declared, "sampling");
    const bool tools = json::find(params, "tools") != nullptr;
    if (sampling == nullptr || (tools && json::find(*sampling, "tools") == nullptr)) {
      return nested("sampling", tools ? "tools" : "");
    }
    return std::nullopt;
  }
  if (method == "elicitation/create") {
    const json::Object* elicitation = json::find_object(declared, "elicitation");
    const std::string_view mode = json::get_string(params, "mode", "form");
    if (elicitation == nullptr || !can_elicit(*elicitation, mode)) {
      return nested("elicitation", mode == "form" ? "" : mode);
    }
    return std::nullopt;
  }
  return nested("experimental", method);
}

tl::unexpected<Failure> undeclared(json::Object required) {
  std::string names;
  for (const auto& member : required) {
    names += names.empty() ? "" : ", ";
    names += std::string_view(member.key().data(), member.key().size());
  }
  json::Object data;
  data["requiredCapabilities"] = std::move(required);
  return refused(kMissingCapability,
                 "Missing required client capability: this needs " + names +
                     ", which the client did not declare",
                 std::move(data));
}

bool is_valid_input(std::string_view method, const json::Value& input) {
  const json::Object* object = input.if_object();
  if (object == nullptr) {
    return false;
  }
  if (method == "elicitation/create") {
    constexpr std::array<std::string_view, 3> kActions{"accept", "decline", "cancel"};
    const json::Value* content = json::find(*object, "content");
    return is_one_of(kActions, json::get_string(*object, "action")) &&
           (content == nullptr || content->is_null() || content->is_object());
  }
  if (method == "sampling/createMessage") {
    const json::Value* content = json::find(*object, "content");
    return json::find(*object, "role") != nullptr && content != nullptr &&
           (content->is_object() || content->is_array());
  }
  if (method == "roots/list") {
    return json::find_array(*object, "roots") != nullptr;
  }
  return true;
}

}  // namespace oap::mcp
