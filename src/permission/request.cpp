#include "permission/request.hpp"

#include <algorithm>
#include <vector>

#include "expr/time.hpp"
#include "json/compare.hpp"
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

/// context.risk_score and context.time.
Result<void> read_condition_context(const json::Value& context, Request& request) {
  if (const json::Value* score = json::find(context, "risk_score"); score && !score->is_null()) {
    if (!json::is_number(*score)) {
      return fail(Code::kInvalidArgument, "risk_score: expected a number, found {}",
                  json::type_name(*score));
    }
    request.risk_score = json::get_double(context, "risk_score");
  }
  OAP_TRY(const std::string time, text_of(context, "time"));
  if (!time.empty()) {
    const std::optional<expr::Instant> instant = expr::parse_timestamp(time);
    if (!instant) {
      return fail(Code::kInvalidArgument,
                  "time: expected a timestamp such as 2026-01-31T12:00:00Z");
    }
    request.time = WallTime(std::chrono::duration_cast<WallTime::duration>(
        std::chrono::seconds(instant->seconds) + std::chrono::nanoseconds(instant->nanos)));
  }
  return {};
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
  OAP_TRY(request.session, text_of(context, "session"));
  OAP_TRY(request.origin, text_of(context, "origin"));
  OAP_CHECK_OK(read_condition_context(context, request));
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
