#include "platform/workflow_agent.hpp"

#include <algorithm>
#include <optional>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "json/schema.hpp"
#include "orchestration/report.hpp"
#include "orchestration/structured.hpp"
#include "orchestration/turn_loop.hpp"
#include "platform/agents.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

using orchestration::AgentProfile;
using orchestration::TurnLoop;
using orchestration::TurnResult;
using workflow::StepRequest;
using workflow::StepResult;

constexpr std::string_view kSubmit = "submit_result";
constexpr Millis kLongest{1'800'000};
constexpr Millis kListTime{10'000};

bool may_use(const std::vector<std::string>& allowed, const std::string& public_name) {
  return allowed.empty() ||
         std::any_of(allowed.begin(), allowed.end(), [&](const std::string& pattern) {
           const auto glob = text::Glob::compile(pattern);
           return pattern == public_name || (glob && glob->matches(public_name));
         });
}

/// The step's way to the gateway: refuses tools that the step does not name, and takes the answer.
class StepInvoker final : public workflow::ToolInvoker {
 public:
  StepInvoker(gateway::Gateway& gateway, const workflow::AgentStep& step,
              std::optional<json::Schema> schema)
      : gateway_(gateway), step_(step), schema_(std::move(schema)) {}

  Task<ToolOutcome> invoke(ToolCall call) override {
    ToolOutcome outcome;
    if (schema_ && call.server == kBuiltinServer && call.tool == kSubmit) {
      outcome.result = submit(call.arguments);
      co_return outcome;
    }
    if (!may_use(step_.tools, call.public_name())) {
      outcome.error = Error(Code::kInvalidArgument,
                            fmt::format("this step may not use the tool '{}'; it may use: {}",
                                        call.public_name(), text::join(step_.tools, ", ")),
                            Audience::kModel);
      co_return outcome;
    }
    co_return co_await gateway_.invoke(std::move(call));
  }

  const std::optional<json::Value>& submitted() const { return submitted_; }
  /// Whether the value is of the schema; keeps it where it is.
  bool accept(const json::Value& value) {
    if (schema_->is_valid(value)) {
      submitted_ = value;
    }
    return submitted_.has_value();
  }

 private:
  ToolResult submit(const json::Object& arguments) {
    const json::Value value(arguments);
    std::string problems;
    for (const json::Violation& violation : schema_->validate(value, 8)) {
      problems += fmt::format("- {}: {}\n",
                              violation.instance_path.empty() ? "(all)" : violation.instance_path,
                              violation.message);
    }
    if (!problems.empty()) {
      return ToolResult::text("the result is not of its schema:\n" + problems, true);
    }
    submitted_ = value;
    return ToolResult::text("accepted; end now with one sentence");
  }

  gateway::Gateway& gateway_;
  const workflow::AgentStep& step_;
  std::optional<json::Schema> schema_;
  std::optional<json::Value> submitted_;
};

Result<AgentProfile> profile_of(const Settings& settings, ModelSet& models, std::string_view name,
                                const std::string& model) {
  return make_agent(settings, models, model,
                    name.empty() ? std::string("worker") : std::string(name));
}

/// All that one agent step needs while it runs.
class AgentStep {
 public:
  AgentStep(AgentStepParts parts, StepRequest request)
      : parts_(std::move(parts)),
        request_(std::move(request)),
        step_(std::get<workflow::AgentStep>(request_.step->body)) {}

  Task<Result<StepResult>> run() {
    std::string model(json::get_string(request_.input, "model", parts_.model));
    model = model.empty() ? parts_.model : model;
    OAP_CO_TRY(AgentProfile agent, profile_of(parts_.settings, parts_.models, step_.agent, model));
    const json::Value schema = answer_schema();
    std::optional<json::Schema> compiled;
    if (!schema.is_null()) {
      OAP_CO_TRY(compiled, json::Schema::compile(schema));
    }
    StepInvoker invoker(parts_.gateway, step_, std::move(compiled));
    const Deadline listed = Deadline::after(kListTime);
    std::vector<ToolSpec> tools = co_await parts_.catalog.all(listed);
    std::erase_if(tools,
                  [&](const ToolSpec& tool) { return !may_use(step_.tools, tool.public_name()); });
    std::string prompt(json::get_string(request_.input, "prompt"));
    if (!schema.is_null()) {
      tools.push_back(submit_tool(schema));
      if (agent.tools) {
        agent.tools->emplace_back(kSubmit);
      }
      prompt += fmt::format("\n\nWhen you are done, call {} with the result.", kSubmit);
    }
    TurnLoop loop({invoker, parts_.catalog, parts_.hooks, events(), nullptr, parts_.scopes});
    orchestration::UnstoredConversation unstored;
    std::vector<Message> history;
    history.push_back(Message::user(std::move(prompt)));
    TurnLoop::Scope scope = this->scope();
    auto turns =
        co_await loop.run(agent, std::move(scope), std::move(history), std::move(tools), unstored);
    if (!turns) {
      co_return ended(std::move(turns).error());
    }
    StepResult result = result_of(*turns);
    if (result.ok && !schema.is_null()) {
      co_await shape(result, *turns, invoker, std::move(agent), schema);
    }
    result.usage = usage();
    co_return result;
  }

 private:
  /// Of what is submitted: tools take objects, so any other result is a member of one.
  json::Value answer_schema() {
    const json::Value& schema =
        step_.output_schema.is_null() ? request_.step->output_schema : step_.output_schema;
    wrapped_ = !schema.is_null() && json::get_string(schema, "type") != "object";
    return !wrapped_ ? schema
                     : json::Value(json::Object{{"type", "object"},
                                                {"properties", json::Object{{"result", schema}}},
                                                {"required", json::Array{"result"}},
                                                {"additionalProperties", false}});
  }

  ToolSpec submit_tool(const json::Value& schema) const {
    ToolSpec spec;
    spec.server = kBuiltinServer;
    spec.name = kSubmit;
    spec.description = "Gives the step's result. Call it once, at the end.";
    spec.input_schema = schema;
    return spec;
  }

  orchestration::RunEvents& events() {
    events_.on_usage = [this](const Usage& used) {
      used_ += used;
      beat();
    };
    events_.on_text = [this](std::string_view, std::string_view) { beat(); };
    events_.on_notice = [](std::string_view what) { log::info("workflow", what); };
    return events_;
  }

  void beat() const {
    if (request_.heartbeat) {
      request_.heartbeat();
    }
  }

  TurnLoop::Scope scope() {
    TurnLoop::Scope scope;
    scope.session_id = request_.session_id;
    scope.task_id = request_.task_id;
    scope.principal = parts_.principal;
    scope.principal.role =
        step_.agent.empty() || step_.agent == "executor" ? "worker" : step_.agent;
    scope.workspace = parts_.settings.paths.workspace;
    scope.deadline = request_.deadline.is_never() ? Deadline::after(kLongest) : request_.deadline;
    scope.may_begin = [this](int turn, const Usage&) { return may_begin(turn); };
    return scope;
  }

  Result<void> may_begin(int turn) const {
    beat();
    if (step_.max_turns > 0 && turn > step_.max_turns) {
      return fail(Code::kResourceExhausted, "the agent was not done after max_turns ({})",
                  step_.max_turns);
    }
    const workflow::StepUsage spent = usage();
    const workflow::Budget& budget = request_.budget;
    if (budget.tokens && spent.tokens >= *budget.tokens) {
      return fail(Code::kResourceExhausted, "the budget of {} tokens is used up ({} were used)",
                  *budget.tokens, spent.tokens);
    }
    if (budget.cost_usd && turn > 1 && !used_.cost_usd) {
      return fail(Code::kResourceExhausted,
                  "the step has a budget in dollars, but the model's price is not known; set "
                  "models.\"provider/model\".input_price and output_price, or a budget in tokens");
    }
    if (budget.cost_usd && spent.cost_usd >= *budget.cost_usd) {
      return fail(Code::kResourceExhausted, "the budget of ${:.4f} is used up (${:.4f} were spent)",
                  *budget.cost_usd, spent.cost_usd);
    }
    return {};
  }

  workflow::StepUsage usage() const {
    workflow::StepUsage spent;
    spent.tokens = used_.input_tokens + used_.output_tokens + used_.cache_read_tokens +
                   used_.cache_write_tokens;
    spent.cost_usd = used_.cost_usd.value_or(0);
    return spent;
  }

  /// What an Error of the conversation means for the step: its own failure, or the
  /// infrastructure's.
  Result<StepResult> ended(Error error) const {
    if (used_.requests == 0 && error.code() != Code::kResourceExhausted) {
      return fail(std::move(error));
    }
    StepResult result;
    result.ok = false;
    result.error = parts_.redactor.redact(error.to_string());
    result.error_code = to_string(error.code());
    result.retryable = workflow::is_retryable(error.code());
    result.usage = usage();
    return result;
  }

  StepResult result_of(const TurnResult& turns) const {
    StepResult result;
    const bool ended_denied = !turns.calls.empty() && turns.calls.back().outcome.denial.has_value();
    if (ended_denied) {
      const Error error = orchestration::denial_error(*turns.calls.back().outcome.denial);
      result.ok = false;
      result.error = parts_.redactor.redact(error.message());
      result.error_code = to_string(error.code());
      return result;
    }
    result.output = parts_.redactor.redact(turns.final_text);
    return result;
  }

  /// Makes the answer the object of its schema: submitted, said as text, or asked for once more.
  Task<void> shape(StepResult& result, const TurnResult& turns, StepInvoker& invoker,
                   AgentProfile agent, const json::Value& schema) {
    if (!invoker.submitted()) {
      const auto said = orchestration::object_in_text(turns.final_text);
      if (!said || !invoker.accept(json::Value(*said))) {
        orchestration::StructuredQuestion question;
        question.agent = std::move(agent);
        question.tool = kSubmit;
        question.description = "Gives the step's result.";
        question.schema = schema;
        question.prompt = "Task:\n" + std::string(json::get_string(request_.input, "prompt")) +
                          "\n\nWhat was found:\n" + turns.final_text +
                          "\n\nGive the result as an object of the schema.";
        question.deadline =
            request_.deadline.is_never() ? Deadline::after(kLongest) : request_.deadline;
        Usage ignored;
        auto asked = co_await orchestration::ask_structured(std::move(question), events_, ignored);
        if (!asked) {
          result.ok = false;
          result.error = parts_.redactor.redact(asked.error().to_string());
          result.error_code = "bad_output";
          result.retryable = true;
          co_return;
        }
        invoker.accept(json::Value(*asked));
      }
    }
    json::Value value = invoker.submitted() ? *invoker.submitted() : json::Value();
    const json::Value* const inner = wrapped_ ? json::find(value, "result") : nullptr;
    result.output = parts_.redactor.redact(inner != nullptr ? *inner : value);
  }

  AgentStepParts parts_;
  StepRequest request_;
  const workflow::AgentStep& step_;
  orchestration::RunEvents events_;
  Usage used_;
  bool wrapped_ = false;
};

}  // namespace

Result<void> check_agent(const Settings& settings, ModelSet& models, std::string_view agent,
                         const std::string& model) {
  OAP_TRY([[maybe_unused]] const AgentProfile found, profile_of(settings, models, agent, model));
  return {};
}

Task<Result<StepResult>> run_agent_step(AgentStepParts parts, StepRequest request) {
  AgentStep step(std::move(parts), std::move(request));
  co_return co_await step.run();
}

}  // namespace oap::platform
