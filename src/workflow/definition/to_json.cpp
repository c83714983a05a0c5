#include <cmath>

#include <boost/json/monotonic_resource.hpp>

#include "crypto/hash.hpp"
#include "json/append.hpp"
#include "workflow/definition/definition.hpp"

namespace oap::workflow {
namespace {

using Storage = boost::json::storage_ptr;

/// Builds objects in one storage, leaving out what says nothing.
class Writer {
 public:
  explicit Writer(Storage storage) : storage_(std::move(storage)) {}

  json::Object workflow(const Definition& definition) const;

 private:
  json::Object object() const { return json::Object(storage_); }
  json::Array array() const { return json::Array(storage_); }

  static void put(json::Object& out, std::string_view key, std::string_view text) {
    if (!text.empty()) {
      out[key] = text;
    }
  }
  static void put(json::Object& out, std::string_view key, const json::Object& members) {
    if (!members.empty()) {
      out[key] = members;
    }
  }
  static void put(json::Object& out, std::string_view key, const json::Value& value) {
    if (!value.is_null()) {
      out[key] = value;
    }
  }
  static void put(json::Object& out, std::string_view key, std::int64_t number,
                  std::int64_t standard) {
    if (number != standard) {
      out[key] = number;
    }
  }
  static json::Value duration(Millis time);
  static void put(json::Object& out, std::string_view key, const std::optional<Millis>& time) {
    if (time) {
      out[key] = duration(*time);
    }
  }
  void put(json::Object& out, std::string_view key, const std::vector<std::string>& texts) const;
  void put(json::Object& out, std::string_view key,
           const std::map<std::string, std::string, std::less<>>& texts) const;
  void put(json::Object& out, std::string_view key, const std::unique_ptr<Steps>& steps) const;

  json::Object step(const StepDefinition& step, FailurePolicy standard) const;
  json::Array steps(const Steps& steps) const;
  void timeouts(json::Object& out, const Timeouts& timeouts) const;
  void retry(json::Object& out, const RetryPolicy& policy) const;
  void budget(json::Object& out, const Budget& budget) const;
  void foreach (json::Object& out, const Foreach& each) const;
  void matrix(json::Object& out, const Matrix& matrix) const;

  void body(json::Object& out, const ToolStep& tool) const;
  void body(json::Object& out, const AgentStep& agent) const;
  void body(json::Object& out, const ScriptStep& script) const;
  void body(json::Object& out, const SubworkflowStep& child) const;
  void body(json::Object& out, const ConditionStep& condition) const;
  void body(json::Object& out, const LoopStep& loop) const;
  void body(json::Object& out, const GroupStep& group) const;
  void body(json::Object& out, const ApprovalStep& approval) const;
  void body(json::Object& out, const WaitStep& wait) const;

  Storage storage_;
  mutable FailurePolicy standard_ = FailurePolicy::kContinue;
};

/// A number of seconds, or milliseconds with their unit.
json::Value Writer::duration(Millis time) {
  if (time.count() % 1000 == 0) {
    return time.count() / 1000;
  }
  return json::Value(std::to_string(time.count()) + "ms");
}

void Writer::put(json::Object& out, std::string_view key,
                 const std::vector<std::string>& texts) const {
  if (texts.empty()) {
    return;
  }
  json::Array list = array();
  for (const std::string& text : texts) {
    list.emplace_back(text);
  }
  out[key] = std::move(list);
}

void Writer::put(json::Object& out, std::string_view key,
                 const std::map<std::string, std::string, std::less<>>& texts) const {
  if (texts.empty()) {
    return;
  }
  json::Object members = object();
  for (const auto& [name, text] : texts) {
    members[name] = text;
  }
  out[key] = std::move(members);
}

void Writer::put(json::Object& out, std::string_view key,
                 const std::unique_ptr<Steps>& inner) const {
  if (inner != nullptr) {
    out[key] = steps(*inner);
  }
}

void Writer::timeouts(json::Object& out, const Timeouts& timeouts) const {
  json::Object members = object();
  put(members, "attempt", timeouts.attempt);
  put(members, "total", timeouts.total);
  put(members, "heartbeat", timeouts.heartbeat);
  put(members, "queue", timeouts.queue);
  put(out, "timeouts", members);
}

void Writer::retry(json::Object& out, const RetryPolicy& policy) const {
  const RetryPolicy standard;
  json::Object members = object();
  put(members, "max_attempts", policy.max_attempts, standard.max_attempts);
  if (policy.initial != standard.initial) {
    members["initial"] = duration(policy.initial);
  }
  if (policy.max != standard.max) {
    members["max"] = duration(policy.max);
  }
  if (policy.backoff != standard.backoff) {
    members["backoff"] = policy.backoff;
  }
  if (!policy.jitter) {
    members["jitter"] = false;
  }
  put(members, "retry_on", policy.retry_on);
  put(out, "retry", members);
}

void Writer::budget(json::Object& out, const Budget& budget) const {
  json::Object members = object();
  if (budget.tokens) {
    members["tokens"] = *budget.tokens;
  }
  if (budget.cost_usd) {
    members["cost_usd"] = *budget.cost_usd;
  }
  put(out, "budget", members);
}

void Writer::foreach (json::Object& out, const Foreach& each) const {
  json::Object members = object();
  members["items"] = each.items;
  if (each.as != "item") {
    members["as"] = each.as;
  }
  put(members, "max_parallel", each.max_parallel, 0);
  if (each.tolerate != 0) {
    members["tolerate"] = each.tolerate;
  }
  out["foreach"] = std::move(members);
}

void Writer::matrix(json::Object& out, const Matrix& matrix) const {
  json::Object members = object();
  json::Object axes = object();
  for (const auto& [name, values] : matrix.axes) {
    axes[name] = values;
  }
  members["axes"] = std::move(axes);
  const auto rows = [&](std::string_view key, const std::vector<json::Object>& objects) {
    if (!objects.empty()) {
      json::Array list = array();
      for (const json::Object& each : objects) {
        list.emplace_back(each);
      }
      members[key] = std::move(list);
    }
  };
  rows("include", matrix.include);
  rows("exclude", matrix.exclude);
  put(members, "max_parallel", matrix.max_parallel, 0);
  if (matrix.fail_fast) {
    members["fail_fast"] = true;
  }
  out["matrix"] = std::move(members);
}

void Writer::body(json::Object& out, const ToolStep& tool) const {
  out["tool"] = tool.tool;
  if (tool.server != "sandbox" && tool.server != "default") {
    out["server"] = tool.server;
  }
  put(out, "with", tool.arguments);
}

void Writer::body(json::Object& out, const AgentStep& agent) const {
  out["prompt"] = agent.prompt;
  json::Object with = object();
  if (agent.agent != "worker") {
    with["agent"] = agent.agent;
  }
  put(with, "model", agent.model);
  put(with, "tools", agent.tools);
  put(with, "output_schema", agent.output_schema);
  put(with, "max_turns", agent.max_turns, 0);
  put(out, "with", with);
}

void Writer::body(json::Object& out, const ScriptStep& script) const {
  out["run"] = script.run;
  if (script.shell != "bash") {
    out["shell"] = script.shell;
  }
  put(out, "env", script.env);
  put(out, "stdin", script.stdin_text);
  if (script.json_output) {
    out["output"] = "json";
  }
}

void Writer::body(json::Object& out, const SubworkflowStep& child) const {
  out["uses"] = child.workflow;
  put(out, "with", child.inputs);
}

void Writer::body(json::Object& out, const ConditionStep& condition) const {
  out["type"] = "condition";
  out["test"] = condition.condition;
  put(out, "then", condition.then_steps);
  put(out, "else", condition.else_steps);
}

void Writer::body(json::Object& out, const LoopStep& loop) const {
  out["type"] = "loop";
  put(out, "while", loop.while_condition);
  put(out, "until", loop.until_condition);
  put(out, "items", loop.items);
  put(out, "max_iterations", loop.max_iterations, 0);
  put(out, "steps", loop.body);
}

void Writer::body(json::Object& out, const GroupStep& group) const {
  out["type"] = "group";
  put(out, "steps", group.body);
}

void Writer::body(json::Object& out, const ApprovalStep& approval) const {
  json::Object members = object();
  put(members, "message", approval.message);
  put(members, "approvers", approval.approvers);
  put(members, "quorum", approval.quorum, 1);
  put(members, "expires", approval.expires);
  put(members, "form", approval.form);
  out["approval"] = std::move(members);
}

void Writer::body(json::Object& out, const WaitStep& wait) const {
  json::Object members = object();
  put(members, "duration", wait.duration);
  put(members, "until", wait.until);
  put(members, "signal", wait.signal);
  out["wait"] = std::move(members);
}

json::Object Writer::step(const StepDefinition& step, FailurePolicy standard) const {
  const StepDefinition plain;
  json::Object out = object();
  out.reserve(8);
  out["id"] = step.id;
  put(out, "name", step.name);
  std::visit([&](const auto& each) { body(out, each); }, step.body);
  put(out, "needs", step.needs);
  put(out, "if", step.condition);
  timeouts(out, step.timeouts);
  retry(out, step.retry);
  if (step.effect != plain.effect) {
    out["effect"] = to_string(step.effect);
  }
  if (step.on_unknown != plain.on_unknown) {
    out["on_unknown"] = to_string(step.on_unknown);
  }
  if (step.on_failure != standard) {
    out["on_failure"] = to_string(step.on_failure);
  }
  if (step.compensate != nullptr) {
    out["compensate"] = this->step(*step.compensate, standard);
  }
  if (step.foreach) {
    foreach (out, *step.foreach);
  }
  if (step.matrix) {
    matrix(out, *step.matrix);
  }
  put(out, "concurrency", step.concurrency);
  budget(out, step.budget);
  if (step.memoize) {
    out["memoize"] = true;
  }
  put(out, "export", step.exports);
  put(out, "outputs", step.outputs);
  put(out, "output_schema", step.output_schema);
  return out;
}

json::Array Writer::steps(const Steps& steps) const {
  json::Array list = array();
  list.reserve(steps.size());
  for (const StepDefinition& each : steps) {
    list.emplace_back(step(each, standard_));
  }
  return list;
}

json::Object Writer::workflow(const Definition& definition) const {
  standard_ = definition.on_failure;
  json::Object out = object();
  out["id"] = definition.id;
  put(out, "name", definition.name);
  put(out, "description", definition.description);
  put(out, "version", definition.version);
  put(out, "inputs", definition.inputs);
  put(out, "variables", definition.variables);
  if (definition.implicit_variables) {
    out["implicit_variables"] = true;
  }
  put(out, "secrets", definition.secrets);
  if (definition.on_failure != FailurePolicy::kContinue) {
    out["on_failure"] = to_string(definition.on_failure);
  }
  put(out, "max_parallel", definition.max_parallel, 8);
  put(out, "timeout", definition.timeout);
  if (definition.concurrency) {
    json::Object members = object();
    members["group"] = definition.concurrency->group;
    if (definition.concurrency->cancel_in_progress) {
      members["cancel_in_progress"] = true;
    }
    out["concurrency"] = std::move(members);
  }
  budget(out, definition.budget);
  out["steps"] = steps(definition.steps);
  if (!definition.finally.empty()) {
    out["finally"] = steps(definition.finally);
  }
  put(out, "outputs", definition.outputs);
  return out;
}

}  // namespace

json::Value to_json(const Definition& definition) { return Writer(Storage()).workflow(definition); }

std::string content_hash(const Definition& definition) {
  boost::json::monotonic_resource memory;
  const json::Object data = Writer(&memory).workflow(definition);
  std::string text;
  json::append_canonical(text, data);
  return crypto::sha256_hex(text);
}

}  // namespace oap::workflow
