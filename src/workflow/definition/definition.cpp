#include "workflow/definition/definition.hpp"

#include <array>

namespace oap::workflow {

std::string_view to_string(Effect effect) {
  constexpr std::array<std::string_view, 3> kNames = {"pure", "idempotent", "once"};
  return kNames.at(static_cast<std::size_t>(effect));
}

std::string_view to_string(OnUnknown choice) {
  constexpr std::array<std::string_view, 3> kNames = {"ask", "fail", "retry"};
  return kNames.at(static_cast<std::size_t>(choice));
}

std::string_view to_string(FailurePolicy policy) {
  constexpr std::array<std::string_view, 3> kNames = {"fail_fast", "continue", "tolerate"};
  return kNames.at(static_cast<std::size_t>(policy));
}

std::string_view type_name(const StepBody& body) {
  constexpr std::array<std::string_view, std::variant_size_v<StepBody>> kNames = {
      "tool", "agent", "script", "subworkflow", "condition", "loop", "group", "approval", "wait"};
  return kNames.at(body.index());
}

}  // namespace oap::workflow
