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
  if (const auto graph = compile(plan, Millis(1'000), 0); !graph) {
    problems += "- " + graph.error().message() + "\n";
  }
  return problems;
}

Result<workflow::Graph> compile(const ExecutionPlan& plan, Millis step_timeout, int retries) {
  std::vector<workflow::StepDefinition> steps;
  for (const PlanStep& step : plan.steps) {
    workflow::StepDefinition definition;
    definition.id = step.id;
    definition.name = step.description;
    definition.kind = step.tool == kAgentTool ? "agent" : "tool";
    definition.payload = json::Object{{"tool", step.tool}, {"arguments", step.arguments}};
    definition.dependencies = step.dependencies;
    definition.timeout = step_timeout;
    definition.retry.count = retries;
    definition.effect = only_reads(step.tool) ? workflow::Effect::kPure : workflow::Effect::kOnce;
    steps.push_back(std::move(definition));
  }
  return workflow::Graph::build(std::move(steps));
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
