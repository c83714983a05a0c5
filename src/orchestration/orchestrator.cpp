#include "orchestration/orchestrator.hpp"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "orchestration/embedded.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "orchestration/orchestrator_run.hpp"
#include "orchestration/plan.hpp"
#include "orchestration/structured.hpp"
#include "workflow/engine.hpp"

namespace oap::orchestration {

namespace {

const CallRecord* stopper_of(const TurnResult& turns, bool has_model) {
  const std::vector<CallRecord>& calls = turns.calls;
  if (has_model) {
    return !calls.empty() && calls.back().outcome.denial ? &calls.back() : nullptr;
  }
  if (turns.stop != llm::StopReason::kRefusal) {
    return nullptr;
  }
  const auto failed = std::find_if(calls.rbegin(), calls.rend(),
                                   [](const CallRecord& record) { return !record.outcome.ok(); });
  return failed == calls.rend() ? nullptr : &*failed;
}

Error error_of(const CallRecord& record) {
  const ToolOutcome& outcome = record.outcome;
  if (outcome.denial) {
    return denial_error(*outcome.denial);
  }
  if (outcome.error) {
    return *outcome.error;
  }
  return Error(Code::kInvalidArgument,
               record.call.public_name() + " failed: " + outcome.text_for_model());
}

void keep_turns(TaskReport& report, const TurnResult& turns) {
  for (const CallRecord& record : turns.calls) {
    if (record.outcome.denial) {
      report.denials.push_back(*record.outcome.denial);
    }
    report.results[record.call.id] = evidence_of(record);
  }
  report.usage = turns.usage;
}

void settle_turns(TaskReport& report, const TurnResult& turns, bool has_model) {
  keep_turns(report, turns);
  report.content = turns.final_text;
  const CallRecord* stopper = stopper_of(turns, has_model);
  const bool failed = stopper != nullptr || (!has_model && turns.stop == llm::StopReason::kRefusal);
  report.status = failed ? TaskStatus::kFailed : TaskStatus::kCompleted;
  if (failed) {
    report.error = stopper != nullptr ? error_of(*stopper)
                                      : Error(Code::kFailedPrecondition, turns.final_text);
  }
}

}  // namespace

Orchestrator::Orchestrator(Parts parts, OrchestratorOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

void Orchestrator::set_status(Run& run, TaskStatus status) {
  run.report.status = status;
  tell(parts_.events.on_status, status);
}

Task<TaskReport> Orchestrator::process_task(TaskRequest request) {
  const SteadyTime started = parts_.clock.steady();
  Run run{std::move(request),
          {},
          TurnLoop({parts_.invoker, parts_.catalog, parts_.hooks, parts_.events, parts_.context,
                    parts_.scopes}),
          {}};
  run.report.task_id = run.request.task_id;
  run.report.session_id = run.request.session_id;
  run.report.task = run.request.prompt;
  run.scope = {run.request.session_id, run.request.task_id, run.request.principal,
               run.request.workspace, Deadline::after(options_.agent_timeout)};
  hooks::Context context{run.request.session_id, run.request.task_id, run.request.workspace,
                         run.request.principal};
  hooks::ChatOutcome chat =
      co_await parts_.hooks.chat_message(std::move(context), run.request.prompt);
  for (std::string& text : chat.context) {
    run.request.context.push_back(std::move(text));
  }
  if (chat.refused) {
    run.report.error = Error(Code::kPermissionDenied, "the message was refused: " + chat.text);
    set_status(run, TaskStatus::kFailed);
  } else if (chat.intercepted) {
    run.report.content = std::move(chat.text);
    set_status(run, TaskStatus::kCompleted);
  } else {
    run.request.prompt = std::move(chat.text);
    const bool goes_on = co_await command(run);
    if (goes_on) {
      co_await work(run);
    }
  }
  run.report.duration = std::chrono::duration_cast<Millis>(parts_.clock.steady() - started);
  co_return std::move(run.report);
}

Task<void> Orchestrator::work(Run& run) {
  if (parts_.missions != nullptr && parts_.missions->wished(run.request.session_id)) {
    set_status(run, TaskStatus::kExecuting);
    co_await parts_.missions->carry_out(run.request, parts_.events, run.report);
    set_status(run, run.report.status);
    co_return;
  }
  const router::RouteDecision route = router::route(run.request.prompt, options_.routing);
  run.report.path = run.request.path.value_or(route.path);
  const Deadline listed = Deadline::after(Millis(10'000));
  tools_ = tools_for_role(co_await parts_.catalog.all(listed), "worker", false);
  for (const auto& [server, why] : parts_.catalog.unavailable()) {
    tell(parts_.events.on_notice, "MCP server " + server + " is left out: " + why);
  }
  if (run.report.path == ExecutionPath::kFast) {
    co_await fast_path(run);
  } else {
    co_await agent_path(run);
  }
}

Task<void> Orchestrator::fast_path(Run& run) {
  set_status(run, TaskStatus::kExecuting);
  std::vector<Message> history = run.request.history;
  std::vector<std::string> texts = run.request.context;
  texts.push_back(run.request.prompt);
  for (std::string& text : texts) {
    history.push_back(Message::user(std::move(text)));
    const Result<void> stored =
        co_await parts_.conversation.append(history.back(), store::Durability::kSync);
    if (!stored) {
      run.report.error = stored.error();
      set_status(run, TaskStatus::kFailed);
      co_return;
    }
  }
  run.scope.principal.role = parts_.agents.worker.name;
  TurnResult so_far;
  auto result = co_await run.loop.run(parts_.agents.worker, run.scope, std::move(history), tools_,
                                      parts_.conversation, &so_far);
  if (!result) {
    keep_turns(run.report, so_far);
    run.report.error = std::move(result).error();
    set_status(run, TaskStatus::kFailed);
    co_return;
  }
  settle_turns(run.report, *result, parts_.agents.worker.provider->is_model());
  tell(parts_.events.on_status, run.report.status);
}

StructuredQuestion Orchestrator::question(const Run& run, const AgentProfile& agent,
                                          std::string tool, std::string schema,
                                          json::Object prompt) const {
  StructuredQuestion question;
  question.agent = agent;
  question.tool = std::move(tool);
  question.description = "Submit your answer. Call this exactly once.";
  if (auto parsed = json::parse(embedded(schema))) {
    question.schema = *std::move(parsed);
  }
  question.prompt = json::print_pretty(json::Value(std::move(prompt)));
  question.deadline = run.scope.deadline;
  return question;
}

}  // namespace oap::orchestration
