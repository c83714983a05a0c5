#include "gateway/serve/elicitation_approver.hpp"

#include <fmt/format.h>

#include "json/print.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kMethod = "elicitation/create";
constexpr std::size_t kShownArguments = 4000;

}  // namespace

json::Object ElicitationApprover::question(const approval::Request& request) {
  const std::string arguments = json::print_pretty(json::Value(request.call.arguments));
  std::string shown = text::escape_visible(text::truncate_utf8(arguments, kShownArguments));
  if (arguments.size() > kShownArguments) {
    shown += fmt::format(" … ({} bytes in all)", arguments.size());
  }
  json::Object decision{{"type", "string"},
                        {"title", "Decision"},
                        {"description", "allow runs it once, deny does not"},
                        {"enum", json::Array{"allow", "deny"}}};
  json::Object schema{{"type", "object"},
                      {"properties", json::Object{{"decision", std::move(decision)}}},
                      {"required", json::Array{"decision"}}};
  return json::Object{
      {"mode", "form"},
      {"message",
       fmt::format("May {} run with these arguments?\n{}\nReason for asking: {} ({})",
                   text::escape_visible(request.call.public_name()), shown,
                   text::escape_visible(request.reason), text::escape_visible(request.rule))},
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
