#include "approval/question.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::approval {
namespace {

/// Lines below their title, escaped.
std::string block(std::string_view text) {
  std::string lines;
  for (const std::string_view line : text::split_lines(text)) {
    lines += "\n      " + text::escape_visible(line);
  }
  return lines;
}

std::string shown(const json::Value& value) {
  return block(value.is_string() ? std::string(json::view(value.get_string()))
                                 : json::print(value));
}

/// The diff says it already.
bool is_told_otherwise(const Request& request, std::string_view key) {
  const bool content = key == "content" || key == "old_string" || key == "new_string" ||
                       key == "old_text" || key == "new_text";
  return (!request.diff.empty() && content) || (!request.commands.empty() && key == "command");
}

}  // namespace

std::string question_text(const Request& request) {
  const ToolCall& call = request.call;
  std::string text = fmt::format("\n{} wants to run {}", text::escape_visible(call.principal.role),
                                 text::escape_visible(call.public_name()));
  for (const std::string& command : request.commands) {
    text += "\n    $ " + text::escape_visible(command);
  }
  for (const auto& member : call.arguments) {
    if (!is_told_otherwise(request, std::string_view(member.key()))) {
      text += fmt::format("\n    {}:{}", text::escape_visible(std::string_view(member.key())),
                          shown(member.value()));
    }
  }
  if (!request.diff.empty()) {
    text += "\n    change:" + block(request.diff);
  }
  if (!request.cwd.empty()) {
    text += "\n  in: " + text::escape_visible(request.cwd);
  }
  text += fmt::format("\n  why asked: {} (rule: {})", text::escape_visible(request.reason),
                      text::escape_visible(request.rule));
  if (request.expires) {
    text += fmt::format("\n  until: {:%Y-%m-%dT%H:%M:%SZ}",
                        fmt::gmtime(std::chrono::system_clock::to_time_t(*request.expires)));
  }
  for (const std::string& rule : request.always) {
    text += "\n  always would write: " + text::escape_visible(rule);
  }
  return text + "\n";
}

}  // namespace oap::approval
