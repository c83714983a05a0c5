#include "orchestration/hooks/agent_ui.hpp"

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kMostDescription = 80;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

}  // namespace

std::optional<std::string> task_named(std::string_view text) {
  constexpr std::string_view kOpen = "[task-";
  const std::string lower = text::lower_ascii(text);
  for (std::size_t at = lower.find(kOpen); at != std::string::npos;
       at = lower.find(kOpen, at + 1)) {
    std::size_t end = at + kOpen.size();
    while (end < lower.size() && text::is_digit(lower[end])) {
      ++end;
    }
    const std::size_t digits = end - at - kOpen.size();
    if (digits > 0 && digits < 10 && end < lower.size() && lower[end] == ']') {
      return "TASK-" + lower.substr(at + kOpen.size(), digits);
    }
  }
  return std::nullopt;
}

Task<Result<hooks::AfterVerdict>> AgentUiHook::after(const hooks::Context& /*context*/,
                                                     const ToolCall& call,
                                                     const ToolResult& result) {
  hooks::AfterVerdict verdict;
  if (call.server != kBuiltinServer || call.tool != "delegate_task") {
    co_return verdict;
  }
  for (const char* const key : {"description", "prompt", "task"}) {
    const auto task = task_named(json::get_string(call.arguments, key));
    if (task && on_task_) {
      on_task_(call.session_id, *task);
      break;
    }
  }
  const std::string agent(json::get_string(call.arguments, "agent"));
  const std::string_view text =
      result.content.empty() ? std::string_view() : json::get_string(result.content[0], "text");
  if (agent.empty() || text.empty()) {
    co_return verdict;
  }
  const std::string mark = fmt::format("[{}]", upper(agent.substr(0, 1)));
  if (text.starts_with(mark)) {
    co_return verdict;
  }
  std::string about(json::get_string(call.arguments, "description"));
  about = text::truncate_utf8(text::escape_visible(about), kMostDescription);
  verdict.replacement = result;
  verdict.replacement->content[0].get_object()["text"] =
      fmt::format("{} [{}]{}{}\n\n{}", mark, text::escape_visible(upper(agent)),
                  about.empty() ? "" : " ", about, text);
  co_return verdict;
}

}  // namespace oap::orchestration
