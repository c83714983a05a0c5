#include "workflow/tool_invoker.hpp"

namespace oap::workflow {

Result<StepResult> step_result(const ToolOutcome& outcome) {
  if (outcome.error) {
    return fail(*outcome.error);
  }
  StepResult result;
  if (outcome.denial) {
    const Denial& denial = *outcome.denial;
    result.ok = false;
    result.error = fmt::format("permission denied: {}{}", denial.reason,
                               denial.rule.empty() ? "" : " (" + denial.rule + ")");
    result.error_code =
        std::string(to_string(denial.unanswered ? Code::kUnanswered : Code::kPermissionDenied));
    return result;
  }
  if (!outcome.result) {
    return fail(Code::kInternal, "a tool call ended without result, denial or error");
  }
  const std::string text = outcome.result->joined_text();
  result.ok = !outcome.result->is_error;
  if (outcome.result->structured) {
    result.output = *outcome.result->structured;
  } else {
    result.output = text;
  }
  if (!result.ok) {
    result.error = text.empty() ? "the tool failed and said nothing" : text;
    result.error_code = "tool_error";
    result.retryable = true;
  }
  return result;
}

}  // namespace oap::workflow
