#include "orchestration/compact.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "orchestration/orchestrator_run.hpp"

namespace oap::orchestration {

/// The message is a slash command of a file: it is filled in. False where that was all.
Task<bool> Orchestrator::command(Run& run) {
  auto wish =
      parts_.commands == nullptr ? std::nullopt : parts_.commands->take(run.request.session_id);
  if (!wish) {
    co_return true;
  }
  if (wish->compacts) {
    co_await shorten(run, std::move(wish->arguments));
    co_return false;
  }
  Result<ExpandedCommand> expanded = fail(wish->refusal.value_or(Error(Code::kInternal, "")));
  if (!wish->refusal) {
    auto work = parts_.commands->expand(run.request, *std::move(wish), run.scope.deadline,
                                        run.report.denials);
    expanded = co_await std::move(work);
  }
  if (!expanded) {
    run.report.error = std::move(expanded).error();
    set_status(run, TaskStatus::kFailed);
    co_return false;
  }
  run.request.prompt = std::move(expanded->expansion.text);
  if (expanded->agent) {
    parts_.agents.worker = *std::move(expanded->agent);
    run.request.path = ExecutionPath::kFast;
  }
  run.request.path = run.request.path.value_or(ExecutionPath::kFast);  // whatever was filled in
  if (expanded->expansion.subtask) {
    run.request.history.clear();
  }
  co_return true;
}

/// A person asks for the conversation to be shortened now.
Task<void> Orchestrator::shorten(Run& run, std::string hint) {
  run.report.path = ExecutionPath::kFast;
  set_status(run, TaskStatus::kExecuting);
  const AgentProfile& agent = parts_.agents.worker;
  if (parts_.context == nullptr || !agent.provider->is_model() || run.request.history.empty()) {
    run.report.content = "There is nothing to shorten: no model remembers anything here.";
    set_status(run, TaskStatus::kCompleted);
    co_return;
  }
  const Deadline listed = Deadline::after(Millis(10'000));
  tools_ = tools_for_role(co_await parts_.catalog.all(listed), "worker", false);
  CompactionWork work{agent,
                      tools_,
                      run.scope.deadline,
                      std::string(kAsked),
                      run.request.session_id,
                      *parts_.context,
                      parts_.conversation,
                      parts_.events,
                      run.request.history,
                      run.report.usage,
                      std::move(hint)};
  const auto done = co_await compact(std::move(work));
  if (!done) {
    run.report.error = done.error();
    set_status(run, TaskStatus::kFailed);
    co_return;
  }
  run.report.content = *done ? "The conversation was shortened; all of it stays in the session."
                             : "The conversation is short already.";
  set_status(run, TaskStatus::kCompleted);
}

}  // namespace oap::orchestration
