#include "gateway/serve/elicitation_approver.hpp"

#include <fmt/format.h>

#include "approval/question.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kMethod = "elicitation/create";

}  // namespace

json::Object ElicitationApprover::question(const approval::Request& request) {
  json::Object decision{{"type", "string"},
                        {"title", "Decision"},
                        {"description", "allow runs it once, deny does not"},
                        {"enum", json::Array{"allow", "deny"}}};
  json::Object schema{{"type", "object"},
                      {"properties", json::Object{{"decision", std::move(decision)}}},
                      {"required", json::Array{"decision"}}};
  return json::Object{
      {"mode", "form"},
      {"message", fmt::format("May {} run?{}", text::escape_visible(request.call.public_name()),
                              approval::question_text(request))},
      {"requestedSchema", std::move(schema)}};
}

Task<Result<approval::Answer>> ElicitationApprover::ask(approval::Request request) {
  json::Object params = question(request);
  if (!exchange_.can_ask(kMethod, params)) {
    co_return approval::Answer{false, "nobody", "the client cannot be asked", true};
  }
  auto answer = co_await exchange_.ask(std::string(kMethod), std::move(params));
  if (!answer) {
    co_return approval::Answer{false, "mcp_client", answer.error().error.message(), true};
  }
  const json::Object* content = json::find_object(*answer, "content");
  const bool accepted = json::get_string(*answer, "action") == "accept" && content != nullptr &&
                        json::get_string(*content, "decision") == "allow";
  co_return approval::Answer{accepted, "mcp_client", "", false};
}

}  // namespace oap::gateway
