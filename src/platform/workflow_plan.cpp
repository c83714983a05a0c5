#include "platform/workflow_plan.hpp"

#include <algorithm>
#include <set>

#include "base/ids.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

using workflow::Blueprint;
using workflow::BlueprintStep;
using workflow::Name;
using workflow::StepIndex;

/// What is known before a run: its inputs, and variables that no step writes.
class PlanScope final : public workflow::Scope {
 public:
  /// With `shows_secrets` their names stand for them; else they are not known yet.
  PlanScope(const Blueprint& blueprint, const json::Object& inputs, bool shows_secrets)
      : definition_(blueprint.definition()), inputs_(inputs), shows_secrets_(shows_secrets) {
    for (StepIndex index = 0; index < blueprint.size(); ++index) {
      for (const auto& [name, source] : blueprint.step(index).definition->exports) {
        written_.insert(name);
      }
    }
  }

  Result<expr::Value> value(const Name& name) const override {
    const bool is_secret =
        name.kind == Name::Kind::kSecret || name.kind == Name::Kind::kSecretInput;
    if (is_secret && !shows_secrets_) {
      return unknown("it depends on a secret");
    }
    switch (name.kind) {
      case Name::Kind::kInputs:
      case Name::Kind::kSecretInput:
        return input(name);
      case Name::Kind::kVariables:
        if (written_.empty() && !definition_.implicit_variables) {
          return expr::Value::json(json::Value(definition_.variables));
        }
        return unknown("a step writes variables");
      case Name::Kind::kVariable:
        if (const json::Value* const known = json::find(definition_.variables, name.text);
            known != nullptr && !written_.contains(name.text) && !definition_.implicit_variables) {
          return expr::Value::json(*known);
        }
        return unknown("a step writes the variable '" + name.text + "'");
      case Name::Kind::kWorkflow:
        return expr::Value::json(json::Object{
            {"id", definition_.id}, {"name", definition_.name}, {"version", definition_.version}});
      case Name::Kind::kSuccess:
        return expr::Value::json(true);
      case Name::Kind::kFailure:
      case Name::Kind::kCancelled:
        return expr::Value::json(false);
      case Name::Kind::kStep:
        return unknown("step '" + name.text + "' has not run");
      case Name::Kind::kItem:
      case Name::Kind::kIndex:
        return unknown("it is done for each item");
      case Name::Kind::kMatrix:
        return unknown("it is done for each cell of the matrix");
      case Name::Kind::kLoop:
        return unknown("it is in a loop");
      case Name::Kind::kSecret:
        return expr::Value::json(json::Value(json::String("<secret " + name.text + ">"))).secret();
      case Name::Kind::kRun:
      case Name::Kind::kResult:
        break;
    }
    return unknown("the run has not begun");
  }

 private:
  Result<expr::Value> input(const Name& name) const {
    const bool is_secret = name.kind == Name::Kind::kSecretInput;
    if (name.text.empty()) {
      json::Object shown = inputs_;
      for (auto& member : shown) {
        if (const json::Value* const schema = json::find(definition_.inputs, member.key());
            schema != nullptr && workflow::is_secret_input(*schema)) {
          member.value() = fmt::format("<secret {}>", std::string_view(member.key()));
        }
      }
      const auto value = expr::Value::json(json::Value(std::move(shown)));
      return is_secret ? expr::Value(value).secret() : value;
    }
    const json::Value* const given = json::find(inputs_, name.text);
    if (given == nullptr) {
      return fail(Code::kInvalidArgument, "the input '{}' was not given", name.text);
    }
    return is_secret ? expr::Value::string("<secret " + name.text + ">").secret()
                     : expr::Value::json(*given);
  }

  static tl::unexpected<Error> unknown(const std::string& why) {
    return fail(Code::kFailedPrecondition, "{}", why);
  }

  const workflow::Definition& definition_;
  const json::Object& inputs_;
  bool shows_secrets_;
  std::set<std::string, std::less<>> written_;
};

std::string_view why_unknown(const BlueprintStep& step) {
  if (step.definition->foreach) {
    return "it is done for each item";
  }
  return step.definition->matrix ? "it is done for each cell of the matrix" : "";
}

class Planner {
 public:
  Planner(Workflows& workflows, const Blueprint& blueprint, const json::Object& inputs)
      : workflows_(workflows),
        blueprint_(blueprint),
        inputs_(blueprint, inputs, true),
        conditions_(blueprint, inputs, false) {}

  Task<std::vector<PlannedStep>> plan() {
    std::vector<std::size_t> lanes = lane_of_each();
    std::vector<PlannedStep> out;
    for (StepIndex index = 0; index < blueprint_.size(); ++index) {
      PlannedStep planned = describe(index);
      planned.lane = lanes[index];
      if (planned.call) {
        planned.verdict = co_await workflows_.judge(*planned.call);
        const auto& scanner = workflows_.settings().config.security.scanner;
        const Level of_secrets = scanner.enabled ? scanner.secret_writes : Level::kAllow;
        if (planned.has_secret && planned.verdict->level < of_secrets) {
          planned.verdict->level = of_secrets;
          planned.verdict->reason = "it is given a secret";
          planned.verdict->rule = "SecurityPolicy:secret";
        }
      }
      out.push_back(std::move(planned));
    }
    co_return out;
  }

 private:
  std::vector<std::size_t> lane_of_each() const {
    std::vector<std::size_t> lanes(blueprint_.size(), 0);
    std::vector<std::size_t> unmet(blueprint_.size(), 0);
    std::vector<StepIndex> free;
    for (StepIndex index = 0; index < blueprint_.size(); ++index) {
      unmet[index] = blueprint_.step(index).needs.size();
      if (unmet[index] == 0) {
        free.push_back(index);
      }
    }
    while (!free.empty()) {
      const StepIndex index = free.back();
      free.pop_back();
      for (const StepIndex next : blueprint_.step(index).successors) {
        lanes[next] = std::max(lanes[next], lanes[index] + 1);
        if (--unmet[next] == 0) {
          free.push_back(next);
        }
      }
    }
    return lanes;
  }

  PlannedStep describe(StepIndex index) {
    const BlueprintStep& step = blueprint_.step(index);
    const workflow::StepDefinition& definition = *step.definition;
    PlannedStep planned;
    planned.path = blueprint_.path(index);
    planned.type = workflow::type_name(definition.body);
    planned.needs = definition.needs;
    planned.condition = definition.condition;
    planned.note = note(definition);
    if (step.condition) {
      const auto holds = step.condition->holds(conditions_);
      planned.runs = holds ? std::optional(*holds) : std::nullopt;
    } else {
      planned.runs = true;
    }
    add_call(step, planned);
    return planned;
  }

  void add_call(const BlueprintStep& step, PlannedStep& planned) {
    const workflow::StepBody& body = step.definition->body;
    const auto* const tool = std::get_if<workflow::ToolStep>(&body);
    const auto* const script = std::get_if<workflow::ScriptStep>(&body);
    if (tool == nullptr && script == nullptr) {
      return;
    }
    const auto input = step.input.render(inputs_);
    if (!input) {
      const std::string_view repeated = why_unknown(step);
      planned.unknown = repeated.empty() ? input.error().message() : std::string(repeated);
      if (script != nullptr) {
        planned.call = finished(script_call(*script, nullptr));
      }
      return;
    }
    planned.has_secret = input->tainted;
    if (script != nullptr) {
      planned.call = finished(script_call(*script, input->data));
      return;
    }
    auto call = tool_call(*tool, workflows_.catalog(),
                          input->data.is_object() ? input->data.get_object() : json::Object{});
    if (call) {
      planned.call = finished(*std::move(call));
    } else {
      planned.unknown = call.error().message();
    }
  }

  ToolCall finished(ToolCall call) const {
    call.id = new_id("call_");
    call.principal = workflows_.principal();
    call.origin = Origin::kWorkflow;
    return call;
  }

  static std::string note(const workflow::StepDefinition& step) {
    std::vector<std::string> words;
    if (step.effect != workflow::Effect::kIdempotent) {
      words.push_back("effect " + std::string(to_string(step.effect)));
    }
    if (step.retry.max_attempts > 1) {
      words.push_back(fmt::format("up to {} attempts", step.retry.max_attempts));
    }
    if (step.timeouts.attempt) {
      words.push_back(
          fmt::format("{:g} s", static_cast<double>(step.timeouts.attempt->count()) / 1000));
    }
    if (step.compensate != nullptr) {
      words.emplace_back("undone if the run fails");
    }
    if (step.on_failure == workflow::FailurePolicy::kTolerate) {
      words.emplace_back("may fail");
    }
    return text::join(words, ", ");
  }

  Workflows& workflows_;
  const Blueprint& blueprint_;
  PlanScope inputs_;
  PlanScope conditions_;
};

}  // namespace

Task<std::vector<PlannedStep>> plan_workflow(Workflows& workflows, LoadedWorkflow loaded,
                                             json::Object inputs) {
  Planner planner(workflows, *loaded.blueprint, inputs);
  co_return co_await planner.plan();
}

}  // namespace oap::platform
