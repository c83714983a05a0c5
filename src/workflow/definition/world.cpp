#include <algorithm>

#include "json/value.hpp"
#include "workflow/definition/names.hpp"

namespace oap::workflow {
namespace {

using expr::Type;
using expr::TypeKind;

/// Data that comes from outside may have an integer where a schema says number: doubles become dyn.
Type softened(const Type& type) {
  if (type.is(TypeKind::kDouble)) {
    return {};
  }
  if (type.is(TypeKind::kList)) {
    return Type::list(softened(type.param(0)));
  }
  if (type.is(TypeKind::kMap)) {
    return Type::map(type.param(0), softened(type.param(1)));
  }
  if (type.is(TypeKind::kObject)) {
    std::map<std::string, Type, std::less<>> members;
    for (const std::string& name : type.member_names()) {
      members[name] = softened(*type.member(name));
    }
    return Type::object(std::move(members), type.open());
  }
  return type;
}

Type type_of_start(const json::Value& value) {
  if (value.is_string()) {
    return TypeKind::kString;
  }
  if (value.is_bool()) {
    return TypeKind::kBool;
  }
  return value.is_int64() ? Type(TypeKind::kInt) : Type();
}

Type type_of_inputs(const json::Object& inputs) {
  std::map<std::string, Type, std::less<>> members;
  for (const auto& [name, schema] : inputs) {
    members[std::string(name)] = Type::from_schema(schema);
  }
  return Type::object(std::move(members), false);
}

Type step_type(Type outputs) {
  return Type::object({{"outputs", std::move(outputs)},
                       {"status", TypeKind::kString},
                       {"error", Type()},
                       {"attempts", TypeKind::kInt}},
                      false);
}

}  // namespace

World::World(const Definition& definition, const Outline& outline)
    : definition_(definition), outline_(outline), inputs_(type_of_inputs(definition.inputs)) {
  for (const auto& [name, schema] : definition.inputs) {
    if (is_secret_input(schema)) {
      secret_inputs_.emplace(name);
    }
  }
  for (const auto& [name, value] : definition.variables) {
    variables_[std::string(name)] = definition.implicit_variables ? Type() : type_of_start(value);
  }
  for (const BlueprintStep& step : outline.steps) {
    for (const auto& [name, source] : step.definition->exports) {
      variables_[name] = Type();
    }
  }
}

const Type* World::variable(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

std::vector<std::string> World::variable_names() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : variables_) {
    names.push_back(name);
  }
  return names;
}

bool World::is_secret(std::string_view name) const {
  const auto& known = definition_.secrets;
  return std::find(known.begin(), known.end(), name) != known.end();
}

/// The outputs of a block's steps by their ids.
Type World::outputs_of(BlockIndex block) const {
  std::map<std::string, Type, std::less<>> members;
  for (const StepIndex index : outline_.blocks[block].steps) {
    members[outline_.steps[index].definition->id] = outputs(index);
  }
  return Type::object(std::move(members), false);
}

Type World::outputs(StepIndex index) const {
  const BlueprintStep& at = outline_.steps[index];
  const StepDefinition& step = *at.definition;
  if (step.foreach || step.matrix) {
    return Type::list(Type());
  }
  if (!step.outputs.empty()) {
    std::map<std::string, Type, std::less<>> members;
    for (const auto& [name, source] : step.outputs) {
      members[name] = Type();
    }
    return Type::object(std::move(members), false);
  }
  if (!step.output_schema.is_null()) {
    return softened(Type::from_schema(step.output_schema));
  }
  if (const auto* agent = std::get_if<AgentStep>(&step.body)) {
    return agent->output_schema.is_null() ? Type()
                                          : softened(Type::from_schema(agent->output_schema));
  }
  if (std::holds_alternative<ConditionStep>(step.body)) {
    return Type::object({{"result", TypeKind::kBool}}, false);
  }
  if (std::holds_alternative<GroupStep>(step.body) && at.body) {
    return outputs_of(*at.body);
  }
  if (std::holds_alternative<LoopStep>(step.body) && at.body) {
    return Type::object({{"iterations", TypeKind::kInt}, {"last", outputs_of(*at.body)}}, false);
  }
  return {};
}

const Type& World::step(StepIndex index) {
  static const Type kAny = step_type(Type());
  const StepDefinition& step = *outline_.steps[index].definition;
  const auto* agent = std::get_if<AgentStep>(&step.body);
  const bool plain = std::holds_alternative<ToolStep>(step.body) ||
                     std::holds_alternative<ScriptStep>(step.body) ||
                     (agent != nullptr && agent->output_schema.is_null());
  if (plain && step.outputs.empty() && step.output_schema.is_null() && !step.foreach &&
      !step.matrix) {
    return kAny;
  }
  const auto found = steps_.find(index);
  return found != steps_.end() ? found->second
                               : steps_.emplace(index, step_type(outputs(index))).first->second;
}

const Type& World::loop(StepIndex index) {
  const auto found = loops_.find(index);
  if (found != loops_.end()) {
    return found->second;
  }
  const std::optional<BlockIndex>& body = outline_.steps[index].body;
  Type type =
      Type::object({{"index", TypeKind::kInt}, {"last", body ? outputs_of(*body) : Type()}}, false);
  return loops_.emplace(index, std::move(type)).first->second;
}

}  // namespace oap::workflow
