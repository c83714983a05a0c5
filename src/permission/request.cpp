#include "permission/request.hpp"

#include <algorithm>
#include <vector>

#include "text/nearest.hpp"

namespace oap::permission {
namespace {

const std::vector<std::string> kKeys = {"tool",    "action", "resource", "arguments", "server",
                                        "user_id", "role",   "context",  "id"};
const std::vector<std::string> kActions = {"execute", "read", "write", "delete", "invoke"};

Result<std::string> text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = json::find(object, key);
  if (value == nullptr || value->is_null()) {
    return std::string();
  }
  if (!value->is_string()) {
    return fail(Code::kInvalidArgument, "{}: expected a text, found {}", key,
                json::type_name(*value));
  }
  return std::string(json::view(value->get_string()));
}

Result<json::Object> object_of(const json::Value& object, std::string_view key) {
  const json::Value* value = json::find(object, key);
  if (value == nullptr || value->is_null()) {
    return json::Object();
  }
  if (!value->is_object()) {
    return fail(Code::kInvalidArgument, "{}: expected an object, found {}", key,
                json::type_name(*value));
  }
  return value->get_object();
}

}  // namespace

Result<Request> request_from_json(const json::Value& value) {
  if (!value.is_object()) {
    return fail(
        Code::kInvalidArgument,
        "expected an object such as {{\"tool\":\"bash\",\"arguments\":{{\"command\":\"ls\"}}}}, "
        "found {}",
        json::type_name(value));
  }
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      return fail(Code::kInvalidArgument, "{}: unknown key{}", key, text::did_you_mean(key, kKeys));
    }
  }
  Request request;
  OAP_TRY(request.tool, text_of(value, "tool"));
  OAP_TRY(request.action, text_of(value, "action"));
  OAP_TRY(request.resource, text_of(value, "resource"));
  OAP_TRY(request.server, text_of(value, "server"));
  OAP_TRY(request.principal.user_id, text_of(value, "user_id"));
  OAP_TRY(const std::string role, text_of(value, "role"));
  OAP_TRY(request.arguments, object_of(value, "arguments"));
  OAP_TRY(const json::Value context, object_of(value, "context"));
  OAP_TRY(request.workspace, text_of(context, "workspace"));
  OAP_TRY(request.cwd, text_of(context, "cwd"));
  if (request.tool.empty()) {
    return fail(Code::kInvalidArgument, "tool: missing");
  }
  if (!role.empty()) {
    request.principal.role = role;
  }
  if (request.action.empty()) {
    request.action = "execute";
  }
  if (std::find(kActions.begin(), kActions.end(), request.action) == kActions.end()) {
    return fail(Code::kInvalidArgument,
                "action: expected execute, read, write, delete or invoke, found '{}'{}",
                request.action, text::did_you_mean(request.action, kActions));
  }
  return request;
}

json::Object to_json(const Decision& decision) {
  json::Object out;
  out["decision"] = to_string(decision.level);
  out["rule"] = decision.rule.empty() ? json::Value(nullptr) : json::Value(decision.rule);
  out["reason"] = decision.reason;
  return out;
}

}  // namespace oap::permission
