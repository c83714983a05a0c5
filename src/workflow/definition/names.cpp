#include "workflow/definition/names.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "text/nearest.hpp"

namespace oap::workflow {
namespace {

using expr::Type;
using expr::TypeKind;

constexpr std::array<std::string_view, 8> kRoots = {"inputs", "vars",     "steps",   "matrix",
                                                    "loop",   "workflow", "secrets", "run"};

const Type& run_type() {
  static const Type kType = Type::object(
      {{"id", TypeKind::kString}, {"started_at", TypeKind::kString}, {"attempt", TypeKind::kInt}},
      false);
  return kType;
}

const Type& workflow_type() {
  static const Type kType = Type::object(
      {{"id", TypeKind::kString}, {"name", TypeKind::kString}, {"version", TypeKind::kString}},
      false);
  return kType;
}

Type matrix_type(const Matrix& matrix) {
  std::map<std::string, Type, std::less<>> members;
  for (const auto& [name, values] : matrix.axes) {
    members[name] = Type();
  }
  for (const json::Object& row : matrix.include) {
    for (const auto& [name, value] : row) {
      members[std::string(name)] = Type();
    }
  }
  return Type::object(std::move(members), false);
}

/// The name of the items of the step, where it has some.
std::optional<std::string_view> item_name(const StepDefinition& step) {
  if (step.foreach) {
    return step.foreach->as;
  }
  const auto* loop = std::get_if<LoopStep>(&step.body);
  if (loop != nullptr && !loop->items.is_null()) {
    return "item";
  }
  return std::nullopt;
}

}  // namespace

bool is_reserved_name(std::string_view name) {
  return std::find(kRoots.begin(), kRoots.end(), name) != kRoots.end() || name == "true" ||
         name == "false" || name == "null" || name == "in";
}

Names::Found Names::take(Name::Kind kind, Type type, std::string_view text, StepIndex step) {
  taken_.push_back(Name{kind, step, std::string(text)});
  return type;
}

Names::Found Names::refuse(std::string message) {
  refused_ = std::move(message);
  return std::nullopt;
}

std::optional<Type> Names::type_of(std::string_view name) {
  if (name.ends_with("()")) {
    return status(name);
  }
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) {
    return plain(name);
  }
  const std::string_view member = name.substr(dot + 1);
  if (name.starts_with("inputs.")) {
    input_ = member.substr(0, member.find('.'));
    world_.used().inputs.insert(input_);
  }
  return member.find('.') == std::string_view::npos ? qualified(name.substr(0, dot), member)
                                                    : std::nullopt;
}

Names::Found Names::status(std::string_view call) {
  const bool known =
      call == "success()" || call == "failure()" || call == "cancelled()" || call == "always()";
  if (!known) {
    return std::nullopt;
  }
  if (spot_ != Spot::kCondition) {
    return refuse(fmt::format("; {} can only be asked in the 'if' of a step", call));
  }
  if (call == "always()") {
    taken_.emplace_back(std::nullopt);
    return Type(TypeKind::kBool);
  }
  return take(call == "success()"   ? Name::Kind::kSuccess
              : call == "failure()" ? Name::Kind::kFailure
                                    : Name::Kind::kCancelled,
              TypeKind::kBool);
}

Names::Found Names::qualified(std::string_view root, std::string_view member) {
  if (root == "steps") {
    return step(member);
  }
  if (root == "inputs") {
    return input(member);
  }
  if (root == "secrets") {
    if (world_.is_secret(member)) {
      world_.used().secrets.emplace(member);
      return take(Name::Kind::kSecret, TypeKind::kString, member);
    }
    return refuse(
        fmt::format("the workflow does not declare the secret '{}'{}; add it to its "
                    "'secrets' list",
                    shown(member), text::did_you_mean(member, world_.definition().secrets)));
  }
  if (root == "vars") {
    if (const Type* type = world_.variable(member)) {
      world_.used().variables.emplace(member);
      return take(Name::Kind::kVariable, *type, member);
    }
    return refuse(fmt::format("there is no variable '{}'{}; 'variables' declares them",
                              shown(member), text::did_you_mean(member, world_.variable_names())));
  }
  return std::nullopt;
}

/// Where some inputs are secret each is asked for by itself, so that it is known which are.
Names::Found Names::input(std::string_view name) {
  const Type* const type = world_.inputs().member(name);
  if (world_.secret_inputs().empty() || type == nullptr) {
    return std::nullopt;
  }
  return take(
      world_.secret_inputs().contains(name) ? Name::Kind::kSecretInput : Name::Kind::kInputs, *type,
      name);
}

/// True where the step is in the block of this one or in one around it.
bool Names::visible(StepIndex other) const {
  const Outline& outline = world_.outline();
  const BlockIndex wanted = outline.block_of(other);
  for (BlockIndex block = outline.block_of(*step_);;) {
    if (block == wanted) {
      return true;
    }
    if (!outline.blocks[block].owner) {
      return outline.blocks[block].is_finally && wanted == 0;
    }
    block = outline.block_of(*outline.blocks[block].owner);
  }
}

/// Why the other step may not have ended when this expression is evaluated.
std::optional<std::string> Names::why_not_before(StepIndex other) const {
  const Outline& outline = world_.outline();
  const BlockIndex wanted = outline.block_of(other);
  StepIndex at = *step_;
  if (outline.steps[at].compensates) {
    at = *outline.steps[at].compensates;
    if (at == other) {
      return std::nullopt;
    }
  }
  bool inside = false;
  while (outline.block_of(at) != wanted) {
    const BlueprintBlock& block = outline.blocks[outline.block_of(at)];
    if (!block.owner) {
      return std::nullopt;
    }
    at = *block.owner;
    inside = true;
  }
  const std::string& name = outline.steps[other].definition->id;
  if (at == other) {
    return inside ? fmt::format(
                        "'{}' goes on while its own steps run; what it did before is "
                        "'loop.last'",
                        name)
                  : fmt::format(
                        "a step cannot use its own outputs here; in 'outputs' and 'export' "
                        "they are 'result'");
  }
  if (outline.before(other, at)) {
    return std::nullopt;
  }
  return fmt::format(
      "step '{}' need not have ended when this is evaluated; add '{}' to the needs "
      "of '{}'",
      name, name, shown(outline.steps[at].definition->id));
}

std::vector<std::string> Names::step_ids(std::string_view word) const {
  const Outline& outline = world_.outline();
  std::vector<std::string> ids = outline.ids_like(0, word);
  if (step_) {
    for (BlockIndex block = outline.block_of(*step_); outline.blocks[block].owner;) {
      const std::vector<std::string> inner = outline.ids_like(block, word);
      ids.insert(ids.end(), inner.begin(), inner.end());
      block = outline.block_of(*outline.blocks[block].owner);
    }
  }
  return ids;
}

Names::Found Names::step(std::string_view id) {
  if (spot_ == Spot::kRun) {
    return refuse("no step has run when this is evaluated; it may use 'inputs'");
  }
  const Outline& outline = world_.outline();
  const BlockIndex block = step_ ? outline.block_of(*step_) : 0;
  std::optional<StepIndex> found = outline.find(block, id);
  if (!found && step_) {
    found = outline.find(0, id);
  }
  if (!found && !step_ && outline.finally) {
    found = outline.find(*outline.finally, id);
  }
  if (found && step_ && visible(*found)) {
    if (std::optional<std::string> reason = why_not_before(*found)) {
      return refuse(*std::move(reason));
    }
  } else if (!found || step_) {
    for (BlockIndex other = 0; other < outline.blocks.size(); ++other) {
      if (outline.blocks[other].owner && outline.ids[other].contains(id)) {
        return refuse(
            fmt::format("step '{}' is inside '{}'; from outside only the outputs of '{}' "
                        "are seen",
                        shown(id), outline.steps[*outline.blocks[other].owner].definition->id,
                        outline.steps[*outline.blocks[other].owner].definition->id));
      }
    }
    return refuse(
        fmt::format("there is no step '{}'{}", shown(id), text::did_you_mean(id, step_ids(id))));
  }
  return take(Name::Kind::kStep, world_.step(*found), id, *found);
}

/// The names that loops around the place give.
Names::Found Names::framed(std::string_view name) {
  if (!step_) {
    return std::nullopt;
  }
  const Outline& outline = world_.outline();
  StepIndex at = outline.steps[*step_].compensates.value_or(*step_);
  bool own = spot_ == Spot::kInside || spot_ == Spot::kAfter || spot_ == Spot::kWhile ||
             spot_ == Spot::kUntil;
  bool around = false;
  for (;;) {
    const StepDefinition& step = *outline.steps[at].definition;
    const bool is_loop = std::holds_alternative<LoopStep>(step.body);
    const bool looping = is_loop && (around || spot_ == Spot::kWhile || spot_ == Spot::kUntil);
    const bool sees_item = step.foreach ? own || around : looping;
    if (const auto item = item_name(step); item && sees_item) {
      if (name == *item) {
        return take(Name::Kind::kItem, {}, name, at);
      }
      if (name == "index" || name == std::string(*item) + "_index") {
        return take(Name::Kind::kIndex, TypeKind::kInt, *item, at);
      }
    }
    if (name == "matrix" && step.matrix && (own || around)) {
      return take(Name::Kind::kMatrix, matrix_type(*step.matrix), {}, at);
    }
    if (name == "loop" && looping) {
      return take(Name::Kind::kLoop, world_.loop(at), {}, at);
    }
    const std::optional<StepIndex> owner = outline.blocks[outline.block_of(at)].owner;
    if (!owner) {
      return std::nullopt;
    }
    at = *owner;
    around = true;
  }
}

Names::Found Names::plain(std::string_view name) {
  if (name == "inputs") {
    world_.used().all_inputs = world_.used().all_inputs || input_.empty();
    input_.clear();
    return take(world_.secret_inputs().empty() ? Name::Kind::kInputs : Name::Kind::kSecretInput,
                world_.inputs());
  }
  if (name == "vars" && refused_.empty()) {
    world_.used().all_variables = true;
    return take(Name::Kind::kVariables, Type::map(TypeKind::kString, Type()));
  }
  if (name == "run") {
    return take(Name::Kind::kRun, run_type());
  }
  if (name == "workflow") {
    return take(Name::Kind::kWorkflow, workflow_type());
  }
  if (name == "result") {
    const bool undoes = step_ && world_.outline().steps[*step_].compensates;
    if (spot_ == Spot::kAfter || undoes) {
      return take(Name::Kind::kResult, {});
    }
  }
  if (Found found = framed(name)) {
    return found;
  }
  if (const Type* type = world_.variable(name); type != nullptr && !is_reserved_name(name)) {
    world_.used().variables.emplace(name);
    return take(Name::Kind::kVariable, *type, name);
  }
  return std::nullopt;
}

std::vector<std::string> Names::names() const {
  std::vector<std::string> out = world_.variable_names();
  out.insert(out.end(), kRoots.begin(), kRoots.end());
  if (step_) {
    const Outline& outline = world_.outline();
    for (std::optional<StepIndex> at = step_; at;
         at = outline.blocks[outline.block_of(*at)].owner) {
      if (const auto item = item_name(*outline.steps[*at].definition)) {
        out.emplace_back(*item);
      }
    }
  }
  return out;
}

std::string Names::why_not(std::string_view name) const {
  if (!refused_.empty()) {
    return refused_;
  }
  if (name == "steps") {
    return "name one step: steps.ID.outputs";
  }
  if (name == "secrets") {
    return "name one secret: secrets.NAME";
  }
  if (name == "needs" || name == "jobs") {
    return fmt::format("'{}' is no name here; a step's outputs are steps.ID.outputs", name);
  }
  if (name == "matrix" || name == "loop") {
    return fmt::format("'{}' is known only inside a step with {}", name,
                       name == "loop" ? "'type: loop'" : "a matrix");
  }
  if (name == "result") {
    return "'result' is known only in 'export' and 'outputs' of a step";
  }
  if (name == "item" || name == "index") {
    return fmt::format("'{}' is known only inside a foreach or a loop over items", name);
  }
  if (name == "github" || name == "env") {
    return fmt::format("'{}' is no name here; write inputs.NAME, or vars.NAME", name);
  }
  if (!name.ends_with("()") && text::did_you_mean(name, names()).empty()) {
    return fmt::format(
        "unknown name '{}': no variable has it; a text is written in quotes "
        "(\"{}\"), and ${{ itself as $${{",
        shown(name), shown(name));
  }
  return "";
}

}  // namespace oap::workflow
