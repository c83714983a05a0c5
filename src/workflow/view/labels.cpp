#include "workflow/view/labels.hpp"

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::workflow {
namespace {

std::string detail(const ToolStep& tool) { return tool.tool; }
std::string detail(const AgentStep& agent) { return agent.agent; }
std::string detail(const ScriptStep& script) { return script.shell; }
std::string detail(const SubworkflowStep& child) { return child.workflow; }
std::string detail(const ConditionStep& condition) { return condition.condition; }
std::string detail(const LoopStep& loop) {
  return !loop.items.is_null()           ? "over items"
         : !loop.while_condition.empty() ? "while " + loop.while_condition
         : !loop.until_condition.empty() ? "until " + loop.until_condition
                                         : fmt::format("{} times", loop.max_iterations);
}
std::string detail(const GroupStep& /*group*/) { return ""; }
std::string detail(const ApprovalStep& approval) {
  return approval.quorum > 1 ? fmt::format("{} must agree", approval.quorum) : approval.message;
}
std::string detail(const WaitStep& wait) {
  return !wait.signal.empty()     ? "signal " + wait.signal
         : !wait.duration.empty() ? wait.duration
                                  : "until " + wait.until;
}

}  // namespace

std::string title_of(const StepDefinition& step) { return step.name.empty() ? step.id : step.name; }

std::string subtitle_of(const StepDefinition& step) {
  std::string out(type_name(step.body));
  const std::string more = std::visit([](const auto& body) { return detail(body); }, step.body);
  out += more.empty() ? "" : " · " + more;
  out += step.condition.empty() ? "" : " · if";
  out += step.compensate == nullptr ? "" : " · ↺";
  return out;
}

std::string fit(std::string_view text, std::size_t code_points) {
  std::size_t end = 0;
  std::size_t count = 0;
  while (end < text.size() && count < code_points) {
    end += text::decode_at(text, end).length;
    ++count;
  }
  if (end >= text.size()) {
    return text::escape_visible(text);
  }
  end = 0;
  for (std::size_t i = 0; i + 1 < code_points; ++i) {
    end += text::decode_at(text, end).length;
  }
  return text::escape_visible(text.substr(0, end)) + "…";
}

}  // namespace oap::workflow
