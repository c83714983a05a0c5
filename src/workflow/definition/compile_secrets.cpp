#include <map>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "workflow/definition/compiler.hpp"

namespace oap::workflow {
namespace {

/// Data that somebody else may have written.
bool is_data(const Name& name) {
  return name.kind != Name::Kind::kRun && name.kind != Name::Kind::kWorkflow &&
         name.kind != Name::Kind::kIndex && name.kind != Name::Kind::kLoop;
}

}  // namespace

void BlueprintCompiler::keep_out(StepIndex index, std::string_view what,
                                 const Expression& expression, Keys keys) {
  if (expression.uses_secret()) {
    problems_.error(line(index, keys),
                    fmt::format("{}: {} would show a secret and keep it in the run's history; "
                                "secrets go into 'with' of a tool, or 'env' or 'stdin' of a script",
                                title(index), what));
  }
}

/// Secrets may be used by conditions, tools' arguments, scripts' env and stdin, and by nothing that
/// is shown, kept or sent to a model.
void BlueprintCompiler::secrets(StepIndex index) {
  const BlueprintStep& step = outline_.steps[index];
  const StepBody& body = step.definition->body;
  if (const auto* tool = std::get_if<ToolStep>(&body)) {
    code_text(index, *tool);
  } else if (const auto* child = std::get_if<SubworkflowStep>(&body)) {
    secret_inputs(index, *child);
  } else if (!std::holds_alternative<ScriptStep>(body)) {
    keep_out(index, std::holds_alternative<AgentStep>(body) ? "prompt" : "with", step.input,
             {"prompt", "with", "approval", "config"});
  }
  keep_out(index, "foreach", step.items, {"foreach", "items"});
  for (const auto& [name, axis] : step.axes) {
    keep_out(index, "matrix", axis, {"matrix"});
  }
  keep_out(index, "concurrency", step.group, {"concurrency"});
  keep_out(index, "wait", step.wait_for, {"wait", "config"});
  for (const auto& [name, value] : step.exports) {
    keep_out(index, fmt::format("export '{}'", name), value, {"export"});
  }
  for (const auto& [name, value] : step.outputs) {
    keep_out(index, fmt::format("output '{}'", name), value, {"outputs"});
  }
}

/// Which inputs of a child run are given a secret: they must be secret there too.
void BlueprintCompiler::secret_inputs(StepIndex index, const SubworkflowStep& child) {
  BlueprintStep& step = outline_.steps[index];
  if (!step.input.uses_secret()) {
    return;
  }
  for (const auto& [name, data] : child.inputs) {
    const Result<Compiled> compiled = at(Spot::kInside, index).data(data);
    if (compiled && compiled->expression.uses_secret()) {
      step.secret_inputs.emplace_back(name);
    }
  }
}

void BlueprintCompiler::code_text(StepIndex index, const ToolStep& tool) {
  const auto argument = code_argument(tool.tool);
  const json::Value* text = argument ? json::find(tool.arguments, *argument) : nullptr;
  if (text == nullptr || !text->is_string() || !has_template(*text)) {
    return;
  }
  const ExpressionMaker maker = at(Spot::kInside, index);
  const Result<Compiled> compiled =
      maker.text(maker.keep_shell_names(json::view(text->get_string())));
  if (!compiled) {
    return;
  }
  const std::string pointer = fmt::format("with/{}", *argument);
  const std::string older = fmt::format("config/arguments/{}", *argument);
  const Keys keys = {pointer, older, "with", "config"};
  if (compiled->expression.uses_secret()) {
    problems_.error(
        line(index, keys),
        fmt::format("{}: a secret would become part of the code in '{}', where everybody "
                    "sees it; use a script step and give it to the script in 'env'",
                    title(index), *argument));
    return;
  }
  for (const Name& name : compiled->expression.names()) {
    if (is_data(name)) {
      problems_.warning(line(index, keys),
                        fmt::format("{}: data is pasted into the code in '{}' and could run "
                                    "commands; use a script step with 'env' instead",
                                    title(index), *argument));
      return;
    }
  }
}

/// What a step exports, and nothing declares: a misspelt name, or one without a first value.
void BlueprintCompiler::undeclared_exports(bool all_used,
                                           const std::set<std::string, std::less<>>& used) {
  std::vector<std::string> declared;
  for (const auto& [key, value] : definition_.variables) {
    declared.emplace_back(std::string_view(key));
  }
  for (const BlueprintStep& step : outline_.steps) {
    for (const auto& [name, source] : step.definition->exports) {
      if (!definition_.variables.contains(name)) {
        const bool read = all_used || used.contains(name);
        problems_.warning(
            problems_.line(step.definition->place, {"export/" + name, "export"}),
            fmt::format("step '{}': export: no variable '{}' is declared{}{}",
                        shown(step.definition->id), shown(name),
                        read ? "; give it a value under 'variables'" : ", and nothing uses it",
                        text::did_you_mean(name, declared)));
      }
    }
  }
}

/// What is declared and never used: mostly a misspelt name, or a leftover.
void BlueprintCompiler::unused() {
  if (problems_.has_errors()) {
    return;
  }
  const World::Used& used = world_->used();
  for (const auto& [key, schema] : definition_.inputs) {
    const std::string name(key);
    if (!used.all_inputs && !used.inputs.contains(name)) {
      problems_.warning(problems_.line_of("/inputs/" + name),
                        fmt::format("nothing uses the input '{}'", shown(name)));
    }
  }
  for (const auto& [key, value] : definition_.variables) {
    const std::string name(key);
    if (!used.all_variables && !used.variables.contains(name)) {
      problems_.warning(problems_.line_of("/variables/" + name),
                        fmt::format("nothing uses the variable '{}'", shown(name)));
    }
  }
  undeclared_exports(used.all_variables, used.variables);
  for (const std::string& name : definition_.secrets) {
    if (!used.secrets.contains(name)) {
      problems_.warning(problems_.line_of("/secrets"),
                        fmt::format("nothing uses the secret '{}'", shown(name)));
    }
  }
}

/// Steps that need one that never runs, and do not decide for themselves.
void BlueprintCompiler::never_run() {
  std::vector<bool> seen(outline_.steps.size(), false);
  for (std::size_t done = 0; done < never_.size() && !problems_.has_errors(); ++done) {
    const std::string cause = shown(outline_.steps[never_[done]].definition->id);
    for (const StepIndex next : outline_.steps[never_[done]].successors) {
      if (!seen[next] && !outline_.steps[next].decides_itself) {
        problems_.warning(line(next, {"needs", "dependencies"}),
                          fmt::format("{} is never run: it needs '{}'", title(next), cause));
        never_.push_back(next);
      }
      seen[next] = true;
    }
  }
}

/// An export inside a block that runs many times at once.
void BlueprintCompiler::repeated_export(StepIndex index) {
  if (outline_.steps[index].definition->exports.empty()) {
    return;
  }
  std::optional<StepIndex> at = outline_.blocks[outline_.block_of(index)].owner;
  for (; at; at = outline_.blocks[outline_.block_of(*at)].owner) {
    const StepDefinition& around = *outline_.steps[*at].definition;
    if (around.foreach || around.matrix) {
      problems_.warning(line(index, {"export"}),
                        fmt::format("{}: '{}' around it runs many times, and whichever ends last "
                                    "writes the variables; use the list steps.{}.outputs instead",
                                    title(index), shown(around.id), shown(around.id)));
      return;
    }
  }
}

/// Two steps that may run at the same time and write one variable: whichever ends last wins.
void BlueprintCompiler::shared_variables() {
  constexpr std::size_t kMaxPairs = 100'000;
  std::map<std::string_view, std::vector<StepIndex>> writers;
  for (StepIndex i = 0; i < outline_.steps.size(); ++i) {
    for (const auto& [name, source] : outline_.steps[i].definition->exports) {
      writers[name].push_back(i);
    }
    repeated_export(i);
  }
  std::size_t pairs = 0;
  for (const auto& [name, steps] : writers) {
    for (std::size_t i = 1; i < steps.size() && ++pairs < kMaxPairs; ++i) {
      const StepIndex a = steps[i - 1];
      const StepIndex b = steps[i];
      const bool comparable = outline_.block_of(a) == outline_.block_of(b);
      if (comparable && !outline_.before(a, b) && !outline_.before(b, a)) {
        problems_.warning(
            line(b, {"export"}),
            fmt::format("{} and step '{}' may run at the same time and both write the variable "
                        "'{}': whichever ends last wins; let one need the other",
                        title(b), shown(outline_.steps[a].definition->id), shown(name)));
      }
    }
  }
}

}  // namespace oap::workflow
