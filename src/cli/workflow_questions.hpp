#pragma once

#include <optional>
#include <string>

#include "async/task.hpp"
#include "workflow/engine.hpp"

namespace oap::cli {

/// An approval step as a person at the terminal is asked about it.
struct ApprovalQuestion {
  std::string run_id;
  std::string path;
  std::string message;
  json::Value form;  ///< JSON Schema of an object; null: there is none
};

/// The form's schema of the step at this path of a run; null where it has none.
json::Value approval_form(const workflow::Blueprint& blueprint, std::string_view path);

/// Asks on the terminal: yes or no, then each field of the form. Nothing where the person leaves it
/// open, or there is no terminal.
Task<Result<std::optional<workflow::Vote>>> ask_for_vote(Executor executor,
                                                         ApprovalQuestion question);

/// What a person typed for a field of this schema. kInvalidArgument says what is wanted. Pure.
Result<json::Value> field_value(const json::Value& schema, std::string_view typed);

}  // namespace oap::cli
