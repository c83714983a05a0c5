#include "workflow/engine/admission.hpp"

namespace oap::workflow {

std::string place_name(const StepDefinition& step) {
  if (const auto* tool = std::get_if<ToolStep>(&step.body)) {
    const bool built_in = tool->server.empty() || tool->server == "default";
    return (built_in ? "sandbox" : tool->server) + "/" + tool->tool;
  }
  if (const auto* agent = std::get_if<AgentStep>(&step.body)) {
    return "agent/" + agent->agent;
  }
  if (const auto* script = std::get_if<ScriptStep>(&step.body)) {
    return "script/" + script->shell;
  }
  return std::string(type_name(step.body));
}

std::size_t Admission::limit_of(const std::string& place) const {
  const auto found = limits_.tools.find(place);
  return found == limits_.tools.end() ? limits_.tool : found->second;
}

std::optional<std::string> Admission::full(const std::string& place) const {
  if (limits_.tenant > 0 && running_ >= limits_.tenant) {
    return std::string(kTenant);
  }
  const std::size_t limit = limit_of(place);
  const auto used = by_place_.find(place);
  if (limit > 0 && used != by_place_.end() && used->second >= limit) {
    return place;
  }
  return std::nullopt;
}

void Admission::take(const std::string& place) {
  ++by_place_[place];
  ++running_;
}

void Admission::give_back(const std::string& place) {
  if (const auto found = by_place_.find(place); found != by_place_.end() && found->second > 0) {
    --found->second;
    --running_;
  }
}

}  // namespace oap::workflow
