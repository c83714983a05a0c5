#include <algorithm>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "json/schema.hpp"
#include "workflow/definition/error_names.hpp"
#include "workflow/definition/numbers.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {
namespace {

std::string code_of(const Result<StepResult>& outcome) {
  return outcome ? outcome->error_code : std::string(to_string(outcome.error().code()));
}

std::string error_of(const Result<StepResult>& outcome) {
  return outcome ? outcome->error : outcome.error().to_string();
}

bool is_some(const StepUsage& usage) { return usage.tokens != 0 || usage.cost_usd != 0; }

/// Never worth another attempt, whatever the author lists.
bool is_final(std::string_view code) {
  return code == to_string(Code::kPermissionDenied) || code == to_string(Code::kUnanswered) ||
         code == to_string(Code::kInvalidArgument) || code == to_string(Code::kUnauthenticated) ||
         code == to_string(Code::kCancelled) || code == "denied" || code == "unknown_outcome";
}

}  // namespace

void Machine::attempt_ended(NodeId id, int attempt, Result<StepResult> result, WallTime now) {
  now_ = now;
  if (id >= state_.node_count() || state_.node(id).state != StepState::kRunning ||
      state_.node(id).waits != Waits::kNothing || state_.node(id).attempts != attempt) {
    return;
  }
  if (result && result->ok) {
    if (result->tainted) {
      result->output = "[secret]";
    }
    std::optional<store::HashedText> memo = memo_of(id, *result);
    finish(id, std::move(result->output), result->usage);
    if (memo && state_.node(id).state == StepState::kCompleted) {
      out_.memos.push_back(*std::move(memo));
    }
  } else {
    settle_failure(id, result);
  }
}

void Machine::asked(NodeId id, Result<std::optional<StepResult>> answer, WallTime now) {
  now_ = now;
  if (id >= state_.node_count() || state_.node(id).state != StepState::kRunning) {
    return;
  }
  if (answer && *answer) {
    attempt_ended(id, state_.node(id).attempts, **std::move(answer), now);
  } else {
    doubt(id, "the program that ran it ended before it had a result; it may have taken effect");
  }
}

/// What the runner gave, for the same input another time.
std::optional<store::HashedText> Machine::memo_of(NodeId id, const StepResult& result) {
  const StepDefinition& definition = state_.definition_of(id);
  const NodeExtra& more = state_.node(id).more();
  if (!definition.memoize || definition.effect != Effect::kPure || result.tainted || more.tainted) {
    return std::nullopt;
  }
  const Result<json::Value> input = plain(more.input);
  if (!input) {
    return std::nullopt;
  }
  return store::HashedText{memo_key(definition, *input), json::print(result.output)};
}

/// The step's outputs, and what it exports.
Result<json::Value> Machine::shape(NodeId id, const json::Value& result, json::Object& vars) {
  const BlueprintStep& step = state_.step_of(id);
  RunScope view = scope(id);
  view.set_result(&result);
  for (const auto& [name, expression] : step.exports) {
    OAP_TRY(Rendered value, expression.render(view));
    vars[name] = value.tainted ? json::Value("[secret]") : std::move(value.data);
    settle_variable(vars[name], json::find(state_.blueprint().definition().variables, name));
  }
  if (state_.blueprint().definition().implicit_variables) {
    if (const json::Object* given = json::find_object(result, "variables")) {
      for (const auto& member : *given) {
        if (state_.variables.contains(member.key())) {
          vars[member.key()] = member.value();
        }
      }
    }
  }
  if (step.outputs.empty()) {
    return result;
  }
  json::Object outputs;
  for (const auto& [name, expression] : step.outputs) {
    OAP_TRY(Rendered value, expression.render(view));
    outputs[name] = value.tainted ? json::Value("[secret]") : std::move(value.data);
  }
  return json::Value(std::move(outputs));
}

void Machine::finish(NodeId id, json::Value result, const StepUsage& usage, std::string signal) {
  const StepDefinition& definition = state_.definition_of(id);
  json::Object vars;
  const bool kept = !signal.empty() && definition.exports.empty() && definition.outputs.empty() &&
                    definition.output_schema.is_null();
  json::Value payload;  // as the state keeps it
  if (!signal.empty()) {
    payload = std::move(result);
    Result<json::Value> whole = plain(payload);
    if (!whole) {
      fail_node(id, whole.error().to_string(), std::string(to_string(whole.error().code())));
      return;
    }
    result = *std::move(whole);
  }
  const bool as_is = definition.exports.empty() && definition.outputs.empty() &&
                     !state_.blueprint().definition().implicit_variables;
  if (!as_is) {
    Result<json::Value> output = shape(id, result, vars);
    if (!output) {
      fail_node(id, "its outputs: " + output.error().to_string(),
                std::string(to_string(output.error().code())), std::move(result), usage);
      return;
    }
    result = *std::move(output);
  }
  if (!definition.output_schema.is_null()) {
    if (const std::string problem = schema_problem(definition.output_schema, result);
        !problem.empty()) {
      fail_node(id, "its output is not what output_schema says: " + problem, "invalid_output",
                std::move(result), usage);
      return;
    }
    settle_numbers(result, definition.output_schema);
  } else if (const auto* const agent = std::get_if<AgentStep>(&definition.body)) {
    settle_numbers(result, agent->output_schema);
  }
  Event ended;
  ended.kind = Event::Kind::kComplete;
  ended.node = id;
  ended.data = kept ? std::move(payload) : std::move(result);
  ended.is_kept = kept;
  ended.text = std::move(signal);
  if (!vars.empty()) {
    ended.more["vars"] = std::move(vars);
  }
  if (is_some(usage)) {
    ended.more["usage"] = usage_json(usage);
  }
  emit(std::move(ended));
}

void Machine::settle_failure(NodeId id, const Result<StepResult>& outcome) {
  const StepDefinition& definition = state_.definition_of(id);
  const bool cancelled = !outcome && outcome.error().code() == Code::kCancelled;
  const bool run_stops = (state_.cancelling || state_.time_up) && !state_.is_clean_up(id);
  const bool may_have_run = definition.effect == Effect::kOnce && !outcome;
  if (cancelled && (run_stops || state_.forced)) {
    Event ended;
    ended.kind = Event::Kind::kCancelStep;
    ended.node = id;
    ended.text =
        may_have_run ? state_.stop_reason + "; it may have taken effect" : state_.stop_reason;
    ended.code = "cancelled";
    emit(std::move(ended));
    return;
  }
  if (!run_stops && may_retry(id, outcome)) {
    retry(id, outcome);
    return;
  }
  if (may_have_run) {
    doubt(id, error_of(outcome) + "; it may have taken effect and is not repeated");
    return;
  }
  fail_node(id, error_of(outcome), code_of(outcome), outcome ? outcome->output : nullptr,
            outcome ? outcome->usage : StepUsage{});
}

void Machine::fail_body(NodeId id, std::string error, std::string code, const StepUsage& usage) {
  StepResult outcome;
  outcome.ok = false;
  outcome.retryable = true;
  outcome.error = std::move(error);
  outcome.error_code = std::move(code);
  outcome.usage = usage;
  settle_failure(id, outcome);
}

/// The attempt of a step that no runner does took too long: ends what is under way in it.
void Machine::time_out(NodeId id) {
  const Node& node = state_.node(id);
  const std::string limit = fmt::format(
      "{} s", static_cast<double>(state_.definition_of(id).timeouts.attempt->count()) / 1'000.0);
  std::string why = fmt::format("it took longer than its timeout of {} allows", limit);
  if (node.waits == Waits::kChild) {
    cancel_child(id, "its parent's timeout");
  } else if (node.waits == Waits::kSignal) {
    why = fmt::format("no signal '{}' came within its timeout of {}", node.more().subject, limit);
  } else if (node.waits == Waits::kApproval) {
    why = fmt::format("nobody who may approve it answered within its timeout of {}", limit);
  } else if (node.waits == Waits::kBlocks) {
    cancel_inside(id, "the step around it took too long");
  }
  fail_body(id, std::move(why), std::string(to_string(Code::kDeadlineExceeded)));
}

bool Machine::may_retry(NodeId id, const Result<StepResult>& outcome) const {
  const StepDefinition& definition = state_.definition_of(id);
  const Node& node = state_.node(id);
  const std::string code = code_of(outcome);
  const bool not_begun = outcome && outcome->not_begun;
  if (is_final(code) || (definition.effect == Effect::kOnce && !not_begun) || stops(id)) {
    return false;
  }
  const auto& listed = definition.retry.retry_on;
  const bool helps = listed.empty()
                         ? (outcome ? outcome->retryable : is_retryable(outcome.error().code()))
                         : std::any_of(listed.begin(), listed.end(), [&](std::string_view name) {
                             return error_code_named(name) == code;
                           });
  return is_for_free(node, outcome) || (helps && node.counted + 1 < definition.retry.max_attempts);
}

/// Another attempt that the step's own count is not spent on: a peer broke, or what must note the
/// call beforehand could not be reached.
bool Machine::is_for_free(const Node& node, const Result<StepResult>& outcome) const {
  constexpr int kMoreWhereNothingHappened = 5;
  if (outcome) {
    return outcome->not_begun && outcome->error_code == to_string(Code::kUnavailable) &&
           node.infra < kMoreWhereNothingHappened * options_.infrastructure_retries;
  }
  return outcome.error().code() != Code::kDeadlineExceeded &&
         is_retryable(outcome.error().code()) && node.infra < options_.infrastructure_retries;
}

void Machine::retry(NodeId id, const Result<StepResult>& outcome) {
  const StepDefinition& definition = state_.definition_of(id);
  const Node& node = state_.node(id);
  Event again;
  again.kind = Event::Kind::kRetry;
  again.node = id;
  again.number = node.attempts;
  again.text = error_of(outcome);
  again.code = code_of(outcome);
  again.flag = is_for_free(node, outcome);
  const int n = again.flag ? node.infra + 1 : node.counted + 1;
  Millis wait = backoff(definition.retry, n, host_.draw());
  if (outcome && outcome->retry_after) {
    wait = std::max(wait, *outcome->retry_after);
  }
  again.due = now_ + wait;
  if (definition.timeouts.total && node.child < 0 &&
      to_millis(*again.due) > node.started_at + definition.timeouts.total->count()) {
    fail_node(id, again.text + "; its total timeout leaves no time for another attempt",
              "deadline_exceeded");
    return;
  }
  if (outcome && is_some(outcome->usage)) {
    again.more["usage"] = usage_json(outcome->usage);
  }
  emit(std::move(again));
}

void Machine::not_begun(NodeId id, int attempt, WallTime now) {
  now_ = now;
  if (id >= state_.node_count() || state_.node(id).state != StepState::kRunning ||
      state_.node(id).waits != Waits::kNothing || state_.node(id).attempts != attempt) {
    return;
  }
  Event again;
  again.kind = Event::Kind::kRetry;
  again.node = id;
  again.number = attempt;
  again.flag = true;
  again.code = "lost";
  again.text = "the program that was to run it ended before it did";
  again.due = now;
  emit(std::move(again));
}

/// The outcome of a call that must not be repeated unasked is not known.
void Machine::doubt(NodeId id, std::string why) {
  const StepDefinition& definition = state_.definition_of(id);
  if (state_.forced || ((state_.cancelling || state_.time_up) && !state_.is_clean_up(id))) {
    Event ended;
    ended.kind = Event::Kind::kCancelStep;
    ended.node = id;
    ended.text = state_.stop_reason + "; it may have taken effect";
    ended.code = "cancelled";
    emit(std::move(ended));
    return;
  }
  if (definition.on_unknown == OnUnknown::kFail) {
    fail_node(id, std::move(why), "unknown_outcome");
    return;
  }
  Event doubted;
  doubted.node = id;
  doubted.text = std::move(why);
  doubted.code = "unknown_outcome";
  if (definition.on_unknown == OnUnknown::kRetry) {
    doubted.kind = Event::Kind::kRetry;
    doubted.number = state_.node(id).attempts;
    doubted.flag = true;
    doubted.code = "lost";
    doubted.due = now_;
  } else {
    doubted.kind = Event::Kind::kUnknown;
  }
  emit(std::move(doubted));
}

void Machine::fail_node(NodeId id, std::string error, std::string code, json::Value output,
                        const StepUsage& usage) {
  Event failed;
  failed.kind = Event::Kind::kFail;
  failed.node = id;
  failed.text = std::move(error);
  failed.code = std::move(code);
  failed.data = std::move(output);
  if (is_some(usage)) {
    failed.more["usage"] = usage_json(usage);
  }
  emit(std::move(failed));
}

std::string schema_problem(const json::Value& schema, const json::Value& value) {
  const auto compiled = json::Schema::compile(schema);
  if (!compiled) {
    return compiled.error().to_string();
  }
  const auto broken = compiled->validate(value, 1);
  return broken.empty()
             ? ""
             : broken.front().instance_path + (broken.front().instance_path.empty() ? "" : ": ") +
                   broken.front().message;
}

std::string memo_key(const StepDefinition& step, const json::Value& input) {
  json::Array what{"oap.memo/2", type_name(step.body)};
  if (const auto* tool = std::get_if<ToolStep>(&step.body)) {
    what.insert(what.end(), {tool->server, tool->tool});
  } else if (const auto* script = std::get_if<ScriptStep>(&step.body)) {
    what.insert(what.end(), {script->shell, script->run, script->json_output});
  } else if (const auto* agent = std::get_if<AgentStep>(&step.body)) {
    const bool own = !agent->output_schema.is_null();
    what.insert(what.end(),
                {agent->agent, agent->model, json::Array(agent->tools.begin(), agent->tools.end()),
                 own ? agent->output_schema : step.output_schema, agent->max_turns});
  }
  what.push_back(input);
  return crypto::sha256_hex(json::canonical(json::Value(std::move(what))));
}

}  // namespace oap::workflow
