#include "orchestration/plan.hpp"

#include <algorithm>

#include "orchestration/turn_loop.hpp"

namespace oap::orchestration {
namespace {

constexpr std::string_view kOpen = "${steps.";
constexpr std::string_view kClose = ".output}";

std::vector<std::string> strings_of(const json::Value& value, std::string_view key) {
  std::vector<std::string> list;
  if (const json::Array* items = json::find_array(value, key)) {
    for (const json::Value& item : *items) {
      if (item.is_string()) {
        list.emplace_back(json::view(item.get_string()));
      }
    }
  }
  return list;
}

Result<std::string> resolve_text(std::string_view text,
                                 const std::map<std::string, std::string>& outputs) {
  std::string out;
  while (true) {
    const std::size_t open = text.find(kOpen);
    if (open == std::string_view::npos) {
      out += text;
      return out;
    }
    const std::size_t close = text.find(kClose, open);
    if (close == std::string_view::npos) {
      out += text;
      return out;
    }
    const std::string id(text.substr(open + kOpen.size(), close - open - kOpen.size()));
    const auto found = outputs.find(id);
    if (found == outputs.end()) {
      return fail(Code::kInvalidArgument,
                  "the argument names the output of step '{}', which has not run before this step",
                  id);
    }
    out += text.substr(0, open);
    out += found->second;
    text.remove_prefix(close + kClose.size());
  }
}

Result<json::Value> resolve_value(const json::Value& value,
                                  const std::map<std::string, std::string>& outputs) {
  if (value.is_string()) {
    OAP_TRY(const std::string text, resolve_text(json::view(value.get_string()), outputs));
    return json::Value(text);
  }
  if (value.is_array()) {
    json::Array array;
    for (const json::Value& item : value.get_array()) {
      OAP_TRY(json::Value resolved, resolve_value(item, outputs));
      array.push_back(std::move(resolved));
    }
    return json::Value(std::move(array));
  }
  if (value.is_object()) {
    OAP_TRY(json::Object object, resolve_arguments(value.get_object(), outputs));
    return json::Value(std::move(object));
  }
  return value;
}

/// A text that stands for itself as a template. References between steps are the runner's.
std::string literal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      out += '$';
    }
    out += text[i];
  }
  return out;
}

json::Value literals(const json::Value& value) {
  if (value.is_string()) {
    return json::Value(literal(json::view(value.get_string())));
  }
  if (value.is_array()) {
    json::Array array;
    for (const json::Value& item : value.get_array()) {
      array.push_back(literals(item));
    }
    return json::Value(std::move(array));
  }
  if (value.is_object()) {
    json::Object object;
    for (const auto& member : value.get_object()) {
      object[member.key()] = literals(member.value());
    }
    return json::Value(std::move(object));
  }
  return value;
}

}  // namespace

ExecutionPlan plan_from_json(const json::Object& object, std::string task_id) {
  const json::Value value(object);
  ExecutionPlan plan;
  plan.task_id = std::move(task_id);
  plan.risk_assessment = json::get_string(value, "risk_assessment", "not given");
  plan.success_criteria = strings_of(value, "success_criteria");
  int total = 0;
  if (const json::Array* steps = json::find_array(value, "steps")) {
    for (const json::Value& item : *steps) {
      PlanStep step;
      step.id = json::get_string(item, "id");
      step.description = json::get_string(item, "description");
      step.tool = json::get_string(item, "tool");
      if (const json::Object* arguments = json::find_object(item, "arguments")) {
        step.arguments = *arguments;
      }
      step.dependencies = strings_of(item, "dependencies");
      step.estimated_time =
          static_cast<int>(std::clamp(json::get_double(item, "estimated_time"), 0.0, 1e6));
      step.validation_criteria = strings_of(item, "validation_criteria");
      total = std::min(total + step.estimated_time, 1'000'000'000);
      plan.steps.push_back(std::move(step));
    }
  }
  const double given = json::get_double(value, "estimated_total_time");
  plan.estimated_total_time = given > 0 ? static_cast<int>(std::min(given, 1e9)) : total;
  return plan;
}

std::string plan_problems(const ExecutionPlan& plan, const gateway::Catalog& catalog) {
  std::string problems;
  for (const PlanStep& step : plan.steps) {
    if (step.tool == kAgentTool) {
      continue;
    }
    if (const auto name = catalog.parse_name(step.tool); !name) {
      problems += "- step " + step.id + ": " + name.error().message() + "\n";
    }
  }
  if (const auto blueprint = compile(plan, PlanLimits{}); !blueprint) {
    problems += "- " + blueprint.error().message() + "\n";
  }
  return problems;
}

std::vector<std::string> workflow_ids(const ExecutionPlan& plan) {
  std::vector<std::string> ids;
  for (const PlanStep& step : plan.steps) {
    const bool starts_well = !step.id.empty() && (step.id.front() < '0' || step.id.front() > '9') &&
                             step.id.front() != '-';
    std::string id = starts_well ? step.id : "step_" + step.id;
    std::replace(id.begin(), id.end(), '-', '_');
    ids.push_back(std::move(id));
  }
  return ids;
}

Result<std::shared_ptr<const workflow::Blueprint>> compile(const ExecutionPlan& plan,
                                                           const PlanLimits& limits) {
  const std::vector<std::string> ids = workflow_ids(plan);
  std::map<std::string, std::string> by_plan_id;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    by_plan_id.emplace(plan.steps[i].id, ids[i]);
  }
  workflow::Definition definition;
  definition.id = "plan";
  definition.name = "plan";
  definition.max_parallel = std::max(1, limits.max_parallel);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    workflow::StepDefinition made;
    made.id = ids[i];
    made.name = step.description;
    if (step.tool == kAgentTool) {
      workflow::AgentStep agent;
      agent.prompt = literal(step.description);
      made.body = std::move(agent);
    } else {
      workflow::ToolStep tool;
      tool.server = "plan";
      tool.tool = step.tool;
      tool.arguments = literals(json::Value(step.arguments)).get_object();
      made.body = std::move(tool);
    }
    for (const std::string& id : step.dependencies) {
      const auto found = by_plan_id.find(id);
      made.needs.push_back(found == by_plan_id.end() ? id : found->second);
    }
    made.timeouts.attempt = limits.step_timeout;
    made.effect = only_reads(step.tool) ? workflow::Effect::kPure : workflow::Effect::kOnce;
    made.on_unknown = workflow::OnUnknown::kFail;
    made.retry.max_attempts = 1 + std::max(0, limits.retries);
    definition.steps.push_back(std::move(made));
  }
  std::vector<workflow::Problem> problems;
  auto blueprint = workflow::Blueprint::compile(std::move(definition), "", nullptr, problems);
  if (!blueprint) {
    return fail(Code::kInvalidArgument, "{}", workflow::to_text(problems));
  }
  return blueprint;
}

Result<json::Object> resolve_arguments(const json::Object& arguments,
                                       const std::map<std::string, std::string>& outputs) {
  json::Object resolved;
  for (const auto& member : arguments) {
    OAP_TRY(json::Value value, resolve_value(member.value(), outputs));
    resolved[member.key()] = std::move(value);
  }
  return resolved;
}

}  // namespace oap::orchestration
