#include <algorithm>

#include <fmt/format.h>

#include "json/schema.hpp"
#include "workflow/definition/names.hpp"
#include "workflow/definition/outline.hpp"
#include "workflow/definition/ranges.hpp"

namespace oap::workflow {
namespace {

void check_inputs(const Definition& definition, ProblemList& problems) {
  for (const auto& [key, given] : definition.inputs) {
    const std::string name(key);
    const int line = problems.line_of("/inputs/" + name);
    if (!is_step_id(name)) {
      problems.error(line, fmt::format("input '{}': a name has letters, digits, _ and -, and "
                                       "begins with a letter",
                                       shown(name)));
    }
    json::Value schema = given;
    if (schema.is_object() && json::find(schema, "required") != nullptr &&
        json::find(schema, "required")->is_bool()) {
      schema.get_object().erase("required");
    }
    const auto compiled = json::Schema::compile(schema);
    if (!compiled) {
      problems.error(line, fmt::format("input '{}' has no valid JSON Schema: {}", shown(name),
                                       compiled.error().to_string()));
      continue;
    }
    const json::Value* standard = json::find(schema, "default");
    const json::Value* said = json::find(schema, "secret");
    if (said != nullptr && !said->is_bool()) {
      problems.error(line, fmt::format("input '{}': 'secret' is true or false", shown(name)));
    }
    if (standard != nullptr && is_secret_input(schema)) {
      problems.error(line, fmt::format("input '{}': a secret has no default: it would stand in "
                                       "this file and in the history of every run",
                                       shown(name)));
    } else if (standard != nullptr) {
      for (const json::Violation& each : compiled->validate(*standard, 1)) {
        problems.error(line, fmt::format("input '{}': the default breaks the schema: {}",
                                         shown(name), each.message));
      }
    }
  }
}

}  // namespace

void check_ranges(const Definition& definition, ProblemList& problems) {
  if (definition.id.empty()) {
    problems.error(1, "the workflow has no id; give it one: 'id: release-notes'");
  } else if (!is_workflow_id(definition.id)) {
    problems.error(problems.line_of("/id"),
                   fmt::format("id '{}' is not possible: letters, digits, '.', '_' and '-', "
                               "beginning with a letter or digit, at most 128 characters",
                               shown(definition.id)));
  }
  if (definition.steps.empty()) {
    problems.error(std::max(1, problems.line_of("/steps")), "the workflow has no steps");
  }
  if (definition.max_parallel < 1 || definition.max_parallel > kMaxParallel) {
    problems.error(problems.line_of("/max_parallel"),
                   fmt::format("max_parallel must be from 1 to {}", kMaxParallel));
  }
  if (definition.timeout && definition.timeout->count() <= 0) {
    problems.error(problems.line_of("/timeout"), "timeout must be above 0");
  }
  if (definition.budget.tokens && *definition.budget.tokens <= 0) {
    problems.error(problems.line_of("/budget/tokens"), "budget.tokens must be above 0");
  }
  if (definition.budget.cost_usd && !(*definition.budget.cost_usd > 0)) {
    problems.error(problems.line_of("/budget/cost_usd"), "budget.cost_usd must be above 0");
  }
  for (const auto& [key, value] : definition.variables) {
    const std::string name(key);
    const int line = problems.line_of("/variables/" + name);
    if (!is_step_id(name)) {
      problems.error(line, fmt::format("variable '{}': a name has letters, digits, _ and -, and "
                                       "begins with a letter",
                                       shown(name)));
    } else if (is_reserved_name(name)) {
      problems.warning(line, fmt::format("variable '{}' has the name of something else; in "
                                         "expressions it is vars.{}",
                                         shown(name), shown(name)));
    }
  }
  for (const std::string& name : definition.secrets) {
    if (!is_step_id(name)) {
      problems.error(problems.line_of("/secrets"),
                     fmt::format("secret '{}' cannot be a name", shown(name)));
    }
  }
  check_inputs(definition, problems);
}

}  // namespace oap::workflow
