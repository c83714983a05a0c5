#include "workflow/definition/error_names.hpp"

namespace oap::workflow {

std::string_view error_code_named(std::string_view name) {
  if (name == "timeout" || name == "heartbeat") {
    return "deadline_exceeded";
  }
  if (name == "script") {
    return "tool_error";
  }
  if (name == "rate_limited") {
    return "resource_exhausted";
  }
  if (name == "model_error") {
    return "upstream";
  }
  return name;
}

const std::vector<std::string>& error_names() {
  static const std::vector<std::string> kNames = {
      "timeout",          "script",    "heartbeat",     "rate_limited",   "model_error",
      "unavailable",      "upstream",  "tool_error",    "bad_output",     "invalid_output",
      "internal",         "data_loss", "not_found",     "already_exists", "failed_precondition",
      "needs_model",      "expired",   "configuration", "unimplemented",  "resource_exhausted",
      "deadline_exceeded"};
  return kNames;
}

}  // namespace oap::workflow
