#include "workflow/definition/compiler.hpp"

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "workflow/definition/ranges.hpp"

namespace oap::workflow {

namespace {

/// "/env/X: 1:5: message": where in the data it was.
std::string_view take_pointer(std::string_view& message) {
  const std::size_t colon = message.starts_with('/') ? message.find(": ") : std::string_view::npos;
  if (colon == std::string_view::npos) {
    return "";
  }
  const std::string_view pointer = message.substr(0, colon);
  message.remove_prefix(colon + 2);
  return pointer.size() == 1 ? "" : pointer;
}

/// The place in an expression of one line is shown by its picture.
std::string_view without_column(std::string_view message) {
  const std::size_t colon = message.starts_with("1:") ? message.find(": ") : std::string_view::npos;
  if (colon == std::string_view::npos ||
      message.substr(2, colon - 2).find_first_not_of("0123456789") != std::string_view::npos) {
    return message;
  }
  return message.substr(colon + 2);
}

std::string dotted(std::string_view what, std::string_view pointer) {
  std::string out(what);
  for (const std::string_view token : text::split(pointer, '/')) {
    out += token.empty() ? "" : (out.empty() ? "" : ".") + std::string(token);
  }
  return out;
}

}  // namespace

std::string placed(std::string_view what, const Error& error) {
  const std::string whole = error.to_string();
  std::string_view message = whole;
  const std::string_view pointer = take_pointer(message);
  const std::string place = dotted(what, pointer);
  return fmt::format("{}: {}", place, without_column(message));
}

BlueprintCompiler::BlueprintCompiler(Definition definition, std::string_view file,
                                     const ToolSchemas* tools, std::vector<Problem>& problems)
    : made_(new Blueprint()),
      definition_(made_->definition_ = std::move(definition)),
      problems_(file, definition_.lines.get(), problems),
      outline_(Outline::of(definition_, problems_)),
      tools_(tools) {}

std::shared_ptr<const Blueprint> BlueprintCompiler::run() {
  check_ranges(definition_, problems_);
  if (outline_.blocks.empty()) {
    return nullptr;
  }
  world_ = std::make_unique<World>(definition_, outline_);
  for (StepIndex i = 0; i < outline_.steps.size() && !problems_.full(); ++i) {
    step(i);
  }
  workflow();
  shared_variables();
  unused();
  never_run();
  if (problems_.has_errors()) {
    return nullptr;
  }
  made_->hash_ = content_hash(definition_);
  made_->definition_.lines.reset();
  made_->steps_ = std::move(outline_.steps);
  made_->blocks_ = std::move(outline_.blocks);
  made_->ids_ = std::move(outline_.ids);
  made_->finally_ = outline_.finally;
  return std::shared_ptr<const Blueprint>(std::move(made_));
}

int BlueprintCompiler::line(StepIndex index, Keys keys) const {
  return problems_.line(outline_.steps[index].definition->place, keys);
}

std::string BlueprintCompiler::name_of(StepIndex index) const {
  const BlueprintStep& step = outline_.steps[index];
  return step.compensates ? outline_.steps[*step.compensates].definition->id + ".compensate"
                          : step.definition->id;
}

std::string BlueprintCompiler::title(StepIndex index) const {
  return fmt::format("step '{}'", shown(name_of(index)));
}

void BlueprintCompiler::complain(StepIndex index, std::string_view what, const Error& error,
                                 Keys keys) {
  const std::string whole = error.to_string();
  std::string_view message = whole;
  const std::string_view pointer = take_pointer(message);
  const Place& place = outline_.steps[index].definition->place;
  int line = 0;
  for (const std::string_view key : keys) {
    const std::string at =
        fmt::format("{}{}{}{}", place.pointer, key.empty() ? "" : "/", key, pointer);
    line = line > 0 ? line : problems_.line_of(at);
  }
  problems_.error(line > 0 ? line : this->line(index, keys),
                  fmt::format("{}: {}", title(index), placed(what, error)));
}

Expression BlueprintCompiler::take(StepIndex index, std::string_view what,
                                   Result<Compiled> compiled, Keys keys) {
  if (!compiled) {
    complain(index, what, compiled.error(), keys);
    return {};
  }
  return std::move(compiled->expression);
}

void BlueprintCompiler::workflow() {
  const auto compile = [&](std::string_view what, std::string_view pointer, Spot spot,
                           const json::Value& data) -> Expression {
    Result<Compiled> compiled = at(spot, std::nullopt).data(data);
    if (!compiled) {
      problems_.error(problems_.line_of(pointer), placed(what, compiled.error()));
      return {};
    }
    return std::move(compiled->expression);
  };
  for (const auto& [key, data] : definition_.outputs) {
    const std::string name(key);
    const std::string pointer = "/outputs/" + name;
    const bool plain = data.is_string() && (json::view(data.get_string()).starts_with("steps.") ||
                                            json::view(data.get_string()).starts_with("vars."));
    if (plain) {
      problems_.warning(
          problems_.line_of(pointer),
          fmt::format("output '{}' is this very text; a value is written ${{{{ {} }}}}",
                      shown(name), shown(json::view(data.get_string()))));
    }
    Expression made = compile(fmt::format("output '{}'", shown(name)), pointer, Spot::kEnd, data);
    if (made.uses_secret()) {
      problems_.error(problems_.line_of(pointer),
                      fmt::format("output '{}' would show a secret", shown(name)));
    }
    made_->outputs_.emplace_back(name, std::move(made));
  }
  if (definition_.concurrency) {
    made_->group_ = compile("concurrency", "/concurrency", Spot::kRun,
                            json::Value(definition_.concurrency->group));
    if (made_->group_.uses_secret()) {
      problems_.error(problems_.line_of("/concurrency"),
                      "concurrency: the group's name is kept and shown, and would show a secret");
    }
  }
}

void BlueprintCompiler::step(StepIndex index) {
  const StepDefinition& definition = *outline_.steps[index].definition;
  check_ranges(definition, name_of(index), problems_);
  condition(index);
  std::visit([&](const auto& each) { body(index, each); }, definition.body);
  items(index);
  if (!definition.concurrency.empty()) {
    outline_.steps[index].group =
        take(index, "concurrency", at(Spot::kInside, index).text(definition.concurrency),
             {"concurrency"});
  }
  after(index);
  secrets(index);
}

void BlueprintCompiler::condition(StepIndex index) {
  BlueprintStep& step = outline_.steps[index];
  const std::string& source = step.definition->condition;
  if (source.empty()) {
    return;
  }
  Result<Compiled> compiled = at(Spot::kCondition, index).condition(source);
  if (!compiled) {
    complain(index, "if", compiled.error(), {"if", "condition"});
    return;
  }
  if (compiled->constant == false) {
    never_.push_back(index);
    problems_.warning(line(index, {"if", "condition"}),
                      fmt::format("{} is never run: its condition is always false", title(index)));
  }
  step.condition = std::move(compiled->expression);
  step.decides_itself = step.condition->asks_status();
}

void BlueprintCompiler::list(StepIndex index, std::string_view what, const json::Value& value,
                             Expression& into, Keys keys) {
  Result<Compiled> compiled = at(Spot::kBefore, index).data(value);
  if (!compiled) {
    complain(index, what, compiled.error(), keys);
    return;
  }
  const expr::Type& type = compiled->type;
  const bool may_be =
      value.is_array() || type.is(expr::TypeKind::kDyn) || type.is(expr::TypeKind::kList);
  if (!may_be || (!value.is_array() && compiled->expression.is_literal())) {
    problems_.error(
        line(index, keys),
        fmt::format("{}: {} is {}, but a list is wanted, or ${{{{ … }}}} that gives one",
                    title(index), what,
                    value.is_string() ? to_string(type) : std::string(json::type_name(value))));
    return;
  }
  into = std::move(compiled->expression);
}

void BlueprintCompiler::items(StepIndex index) {
  BlueprintStep& step = outline_.steps[index];
  if (step.definition->foreach) {
    list(index, "foreach", step.definition->foreach->items, step.items,
         {"foreach/items", "foreach"});
  }
  if (step.definition->matrix) {
    for (const auto& [name, values] : step.definition->matrix->axes) {
      Expression axis;
      list(index, fmt::format("matrix axis '{}'", shown(name)), values, axis, {"matrix"});
      step.axes.emplace_back(name, std::move(axis));
    }
  }
}

void BlueprintCompiler::after(StepIndex index) {
  BlueprintStep& step = outline_.steps[index];
  const auto compile = [&](const auto& sources, Named& into, std::string_view what, Keys keys) {
    for (const auto& [name, source] : sources) {
      into.emplace_back(name, take(index, fmt::format("{} '{}'", what, shown(name)),
                                   at(Spot::kAfter, index).value(source), keys));
    }
  };
  compile(step.definition->exports, step.exports, "export", {"export"});
  compile(step.definition->outputs, step.outputs, "output", {"outputs"});
}

std::shared_ptr<const Blueprint> Blueprint::compile(Definition definition, std::string_view file,
                                                    const ToolSchemas* tools,
                                                    std::vector<Problem>& problems) {
  return BlueprintCompiler(std::move(definition), file, tools, problems).run();
}

Checked check_workflow(std::string_view text, const std::string& file, const ToolSchemas* tools) {
  Checked out;
  Reading reading = read_workflow(text, file);
  out.problems = std::move(reading.problems);
  if (reading.definition.lines != nullptr) {
    out.blueprint = Blueprint::compile(std::move(reading.definition), file, tools, out.problems);
    sort_by_line(out.problems);
  }
  return out;
}

std::optional<StepIndex> Blueprint::find(std::string_view path) const {
  constexpr std::string_view kFinally = "finally.";
  std::vector<BlockIndex> blocks{0};
  if (finally_ && path.starts_with(kFinally) && !ids_[0].contains("finally")) {
    path.remove_prefix(kFinally.size());
    blocks = {*finally_};
  }
  std::optional<StepIndex> found;
  for (const std::string_view id : text::split(path, '.')) {
    std::optional<StepIndex> next;
    for (const BlockIndex block : blocks) {
      const auto at = ids_[block].find(id);
      next = next || at == ids_[block].end() ? next : std::optional(at->second);
    }
    if (!next && found && id == "compensate") {
      next = steps_[*found].compensate;
    }
    if (!next) {
      return std::nullopt;
    }
    found = next;
    blocks.clear();
    for (const std::optional<BlockIndex>& inner : {steps_[*found].body, steps_[*found].else_body}) {
      if (inner) {
        blocks.push_back(*inner);
      }
    }
  }
  return found;
}

std::string Blueprint::path(StepIndex index) const {
  const BlueprintStep& step = steps_[index];
  if (step.compensates) {
    return path(*step.compensates) + ".compensate";
  }
  const BlueprintBlock& block = blocks_[step.block];
  const std::string around = block.owner        ? path(*block.owner) + "."
                             : block.is_finally ? "finally."
                                                : "";
  return around + step.definition->id;
}

}  // namespace oap::workflow
