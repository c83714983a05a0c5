#include "cli/claude/flags.hpp"

#include <fmt/format.h>

#include "json/parse.hpp"
#include "migration/claude_rules.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli::claude {
namespace {

Result<void> add_rules(const std::vector<std::string>& values, Level level, const char* flag,
                       migration::ClaudePermissions& out) {
  for (const std::string& rule : split_rules(values)) {
    if (!migration::split_rule(rule)) {
      return fail(Code::kUsage, "{}: \"{}\" is no rule of Claude Code", flag,
                  text::escape_visible(rule));
    }
    out.rules.push_back({level, migration::Layer::kLocal, rule, flag});
  }
  return {};
}

Result<std::string> text_of(const json::Value& content) {
  if (content.is_string()) {
    return std::string(json::view(content.get_string()));
  }
  if (!content.is_array()) {
    return fail(Code::kInvalidArgument, "message.content is neither a text nor a list of blocks");
  }
  std::string text;
  for (const json::Value& block : content.get_array()) {
    const std::string_view type = json::get_string(block, "type");
    if (type != "text") {
      return fail(Code::kInvalidArgument, "a content block of type \"{}\" is not taken: text only",
                  text::escape_visible(type));
    }
    text += (text.empty() ? "" : "\n") + std::string(json::get_string(block, "text"));
  }
  return text;
}

}  // namespace

std::vector<std::string> split_rules(const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const std::string& value : values) {
    std::string rule;
    int depth = 0;
    for (const char c : value) {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth <= 0 && (c == ',' || text::is_space(c))) {
        if (!rule.empty()) {
          out.push_back(std::move(rule));
        }
        rule.clear();
        depth = 0;
      } else {
        rule += c;
      }
    }
    if (!rule.empty()) {
      out.push_back(std::move(rule));
    }
  }
  return out;
}

Result<std::string> rules_of(const std::vector<std::string>& allowed,
                             const std::vector<std::string>& disallowed) {
  migration::ClaudePermissions permissions;
  OAP_CHECK_OK(add_rules(allowed, Level::kAllow, "--allowedTools", permissions));
  OAP_CHECK_OK(add_rules(disallowed, Level::kDeny, "--disallowedTools", permissions));
  if (permissions.rules.empty()) {
    return std::string();
  }
  migration::Translation translated = migration::translate_claude(permissions);
  if (split_rules(allowed).empty()) {
    // What Claude Code lets pass by itself is not let pass by flags that only deny.
    std::erase_if(translated.rules, [](const json::Object& rule) {
      return json::get_string(rule, "level") == "allow";
    });
  }
  if (!translated.not_carried.empty()) {
    const migration::NotCarried& lost = translated.not_carried.front();
    return fail(Code::kUsage, "{}: {} has no counterpart here: {}", lost.where, lost.key,
                lost.reason);
  }
  std::string text = "permissions:\n";
  for (const std::string& line : migration::rule_lines(translated.rules)) {
    text += "  " + line + "\n";
  }
  return text;
}

Result<void> check_mode(std::string_view mode) {
  if (mode.empty() || mode == "default" || mode == "acceptEdits" || mode == "dontAsk") {
    return {};
  }
  const std::string_view instead =
      mode == "bypassPermissions" ? "--yes approves what rules would ask about"
      : mode == "plan" ? "--disallowedTools \"Bash,Edit,Write\" keeps it from changing anything"
                       : "there are default, acceptEdits and dontAsk";
  return fail(Code::kUsage, "the permission mode {} is not available here: {}",
              text::escape_visible(mode), instead);
}

Task<Result<approval::Answer>> EditApprover::ask(approval::Request request) {
  const bool edits = request.call.server == kBuiltinServer &&
                     (request.call.tool == "write_file" || request.call.tool == "edit_file");
  if (edits && request.rule == "builtin/write-workspace") {
    co_return approval::Answer{true, "permission mode acceptEdits", ""};
  }
  co_return co_await next_.ask(std::move(request));
}

Result<Input> read_input(std::string_view line) {
  Input out;
  if (text::trim(line).empty()) {
    return out;
  }
  OAP_TRY(const json::Object object, json::parse_object(line));
  const std::string_view type = json::get_string(object, "type");
  if (type == "control_request") {
    out.kind = Input::Kind::kControl;
    out.request_id = json::get_string(object, "request_id");
    return out;
  }
  if (type == "control_response" || type == "keep_alive") {
    return out;
  }
  const json::Object* const message = json::find_object(object, "message");
  const json::Value* const content = message != nullptr ? json::find(*message, "content") : nullptr;
  if (type != "user" || content == nullptr) {
    return fail(Code::kInvalidArgument,
                "a line of type \"{}\" is no user message ({{\"type\":\"user\",\"message\":"
                "{{\"role\":\"user\",\"content\":…}}}})",
                text::escape_visible(type));
  }
  OAP_TRY(out.text, text_of(*content));
  if (text::trim(out.text).empty()) {
    return fail(Code::kInvalidArgument, "a user message says nothing");
  }
  out.kind = Input::Kind::kPrompt;
  return out;
}

json::Object control_refusal(std::string_view request_id) {
  return json::Object{{"type", "control_response"},
                      {"response", json::Object{{"subtype", "error"},
                                                {"request_id", request_id},
                                                {"error", "oap does not take control requests"}}}};
}

}  // namespace oap::cli::claude
