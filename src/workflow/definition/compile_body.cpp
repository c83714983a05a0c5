#include <fmt/format.h>

#include "text/nearest.hpp"
#include "workflow/definition/compiler.hpp"

namespace oap::workflow {

void BlueprintCompiler::body(StepIndex index, const ToolStep& tool) {
  const ExpressionMaker maker = at(Spot::kInside, index);
  const auto code = code_argument(tool.tool);
  const json::Value* text = code ? json::find(tool.arguments, *code) : nullptr;
  if (text != nullptr && text->is_string() && has_template(*text)) {
    json::Object arguments = tool.arguments;
    arguments[*code] = maker.keep_shell_names(json::view(text->get_string()));
    outline_.steps[index].input =
        take(index, "with", maker.data(arguments), {"with", "config/arguments", "config"});
  } else {
    outline_.steps[index].input =
        take(index, "with", maker.data(tool.arguments), {"with", "config/arguments", "config"});
  }
  if (!tools_.active()) {
    return;
  }
  std::map<std::string, expr::Type> types;
  for (const auto& [name, value] : tool.arguments) {
    if (has_template(value)) {
      Result<Compiled> compiled = maker.data(value);
      types[std::string(name)] = compiled ? compiled->type : expr::Type();
    }
  }
  for (const std::string& problem : tools_.check(tool, types)) {
    problems_.error(line(index, {"with", "config/arguments", "config", "tool"}),
                    fmt::format("{}: {}", title(index), problem));
  }
}

void BlueprintCompiler::body(StepIndex index, const AgentStep& agent) {
  json::Object input{{"prompt", agent.prompt}};
  if (!agent.model.empty()) {
    input["model"] = agent.model;
  }
  outline_.steps[index].input =
      take(index, "", at(Spot::kInside, index).data(input), {"", "with", "config"});
}

void BlueprintCompiler::body(StepIndex index, const ScriptStep& script) {
  if (script.run.find("${{") != std::string::npos) {
    problems_.error(
        line(index, {"run", "with/run", "config/run"}),
        fmt::format("{}: '${{{{ }}}}' in 'run' would paste data into code, which lets the "
                    "data run commands; give the value a name in 'env' "
                    "(env: {{NAME: ${{{{ … }}}}}}) and write \"$NAME\" in the script",
                    title(index)));
  }
  json::Object input{{"env", script.env}};
  if (!script.stdin_text.empty()) {
    input["stdin"] = script.stdin_text;
  }
  outline_.steps[index].input =
      take(index, "", at(Spot::kInside, index).data(input), {"", "config"});
}

void BlueprintCompiler::body(StepIndex index, const SubworkflowStep& child) {
  outline_.steps[index].input = take(index, "with", at(Spot::kInside, index).data(child.inputs),
                                     {"with", "config/inputs", "config"});
}

void BlueprintCompiler::body(StepIndex index, const ConditionStep& condition) {
  if (condition.condition.empty()) {
    return;
  }
  outline_.steps[index].test =
      take(index, "test", at(Spot::kInside, index).condition(condition.condition),
           {"test", "config/condition", "config/test", "condition", "config"});
}

void BlueprintCompiler::body(StepIndex index, const LoopStep& loop) {
  BlueprintStep& step = outline_.steps[index];
  if (!loop.while_condition.empty()) {
    step.test = take(index, "while", at(Spot::kWhile, index).condition(loop.while_condition),
                     {"while", "config/while", "config/condition", "config"});
  }
  if (!loop.until_condition.empty()) {
    step.until = take(index, "until", at(Spot::kUntil, index).condition(loop.until_condition),
                      {"until", "config/until", "config"});
  }
  if (!loop.items.is_null()) {
    list(index, "items", loop.items, step.items, {"items", "config/items", "config"});
  }
}

void BlueprintCompiler::body(StepIndex /*index*/, const GroupStep& /*group*/) {}

void BlueprintCompiler::body(StepIndex index, const ApprovalStep& approval) {
  const json::Object input{{"message", approval.message}};
  outline_.steps[index].input =
      take(index, "", at(Spot::kInside, index).data(input), {"", "approval", "config"});
}

void BlueprintCompiler::body(StepIndex index, const WaitStep& wait) {
  BlueprintStep& step = outline_.steps[index];
  if (!wait.signal.empty()) {
    const json::Object input{{"signal", wait.signal}};
    step.input = take(index, "", at(Spot::kInside, index).data(input), {"", "wait", "config"});
  }
  const std::string& due = wait.duration.empty() ? wait.until : wait.duration;
  if (!due.empty()) {
    step.wait_for = take(index, wait.duration.empty() ? "until" : "duration",
                         at(Spot::kInside, index).text(due), {"wait", "duration", "config"});
  }
}

}  // namespace oap::workflow
