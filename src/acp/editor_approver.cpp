#include "acp/editor_approver.hpp"

#include <fmt/format.h>

#include "acp/protocol.hpp"
#include "acp/updates.hpp"
#include "approval/question.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::acp {
namespace {

constexpr std::string_view kAllowOnce = "allow_once";
constexpr std::string_view kAllowAlways = "allow_always";
constexpr std::string_view kRejectOnce = "reject_once";
constexpr std::string_view kRejectAlways = "reject_always";
constexpr std::string_view kEditor = "editor";

json::Object option(std::string_view id, std::string_view name) {
  return json::Object{{"optionId", id}, {"name", name}, {"kind", id}};
}

/// Two asks with the same key are the same question to a person.
std::string key_of(const approval::Request& request) {
  const std::string rules = text::join(request.always, "\n");
  const std::string about = rules.empty() ? json::canonical(request.call.arguments) : rules;
  return fmt::format("{}\n{}\n{}", request.call.server, request.call.tool, about);
}

}  // namespace

json::Object permission_params(std::string_view session_id, const approval::Request& request,
                               std::optional<std::string> before) {
  const auto change = change_of(request.call, request.cwd, std::move(before));
  json::Array options{option(kAllowOnce, "Allow once")};
  if (!request.always.empty()) {
    options.push_back(
        option(kAllowAlways, "Always allow here: " + text::join(request.always, "; ")));
  }
  options.push_back(option(kRejectOnce, "Reject"));
  options.push_back(option(kRejectAlways, "Reject, and do not ask again in this session"));
  return json::Object{
      {"sessionId", session_id},
      {"toolCall", tool_question(request.call, request.cwd, change, question_text(request))},
      {"options", std::move(options)}};
}

Reply read_reply(const json::Object& result, const approval::Request& request) {
  Reply reply;
  reply.answer.approver = kEditor;
  const json::Object* const outcome = json::find_object(result, "outcome");
  const std::string_view what =
      outcome != nullptr ? json::get_string(*outcome, "outcome") : std::string_view();
  if (what != "selected") {
    reply.answer.comment =
        what == "cancelled" ? "the prompt was cancelled" : "the editor's answer was not understood";
    return reply;
  }
  const std::string_view chosen = json::get_string(*outcome, "optionId");
  reply.answer.always = chosen == kAllowAlways && !request.always.empty();
  reply.answer.approved = reply.answer.always || chosen == kAllowOnce;
  reply.never_again = chosen == kRejectAlways;
  if (!reply.answer.approved && chosen != kRejectOnce && !reply.never_again) {
    reply.answer.comment = "the editor chose an answer that was not offered";
  }
  return reply;
}

std::optional<approval::Answer> EditorApprover::without_asking(
    const approval::Request& request) const {
  if (refused_.contains(key_of(request))) {
    return approval::Answer{false, std::string(kEditor), "refused for this session"};
  }
  const bool edits = request.call.server == kBuiltinServer &&
                     (request.call.tool == "write_file" || request.call.tool == "edit_file") &&
                     request.rule == "builtin/write-workspace";
  if (mode_ == Modes::kEdits && edits) {
    return approval::Answer{true, "editor mode accept-edits", ""};
  }
  return std::nullopt;
}

Task<Result<approval::Answer>> EditorApprover::ask(approval::Request request) {
  if (auto known = without_asking(request)) {
    co_return *std::move(known);
  }
  if (mode_ == Modes::kApprove && request.rule != approval::kSkillInstallRule) {
    approval::FixedApprover yes = approval::FixedApprover::yes();
    co_return co_await yes.ask(std::move(request));
  }
  std::optional<std::string> before;
  if (file_text_) {
    before = file_text_(path_of(request.call, request.cwd));
  }
  const Deadline deadline = Deadline::after(patience_);
  json::Object params = permission_params(session_id_, request, std::move(before));
  auto result = co_await wire_.ask("session/request_permission", std::move(params), deadline);
  if (!result) {
    const bool absent = result.error().code() != Code::kUpstream;
    co_return approval::Answer{false, absent ? "nobody" : std::string(kEditor),
                               result.error().message(), absent};
  }
  Reply reply = read_reply(*result, request);
  if (reply.never_again) {
    refused_.insert(key_of(request));
  }
  co_return std::move(reply.answer);
}

}  // namespace oap::acp
