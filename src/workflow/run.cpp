#include "workflow/run.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "crypto/hash.hpp"
#include "json/print.hpp"

namespace oap::workflow {
namespace {

/// A run that is created with an owner belongs to it with this epoch.
constexpr std::int64_t kFirstEpoch = 1;

}  // namespace

Run::Run(Collaborators with, Graph graph, RunInfo info, Observer observer, oap::Executor executor)
    : with_(with),
      graph_(std::move(graph)),
      info_(std::move(info)),
      observer_(std::move(observer)),
      scope_(executor),
      wake_(executor),
      steps_(graph_.size()),
      open_(graph_.size()),
      began_(with_.clock.steady()),
      renewed_(with_.clock.wall()),
      random_(std::random_device{}()) {
  const std::vector<std::uint32_t> unmet = graph_.unmet_counts();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    steps_[i].report.id = graph_.step(i).id;
    steps_[i].unmet = unmet[i];
  }
}

Task<Result<RunResult>> Run::execute() {
  OAP_CO_CHECK_OK(create());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].unmet == 0) {
      move(i, StepEvent::kReady);
      ready_.push_back(i);
    }
  }
  if (steps_.empty()) {
    commit();
  }
  const Deadline never = Deadline::never();
  while (true) {
    turn();
    if (is_over()) {
      break;
    }
    if (cancelling_) {
      co_await wake_.wait_shielded(never);
    } else if (co_await wake_.wait(never) == async::Event::Wake::kCancelled) {
      cancel_run();
    }
    wake_.reset();
  }
  scope_.cancel();
  co_await scope_.join();
  if (journal_error_) {
    co_return fail(Error(*journal_error_).with_context("recording run " + info_.run_id));
  }
  co_return result();
}

/// The run row, its pinned definition and the rows of all steps.
Result<void> Run::create() {
  const json::Value definition = graph_.definition();
  const WallTime now = with_.clock.wall();
  store::RunRecord run;
  run.id = info_.run_id;
  run.task_id = info_.task_id;
  run.session_id = info_.session_id;
  run.name = info_.name;
  run.definition_hash = crypto::sha256_hex(json::canonical(definition));
  run.state = RunState::kRunning;
  run.owner = with_.options.owner;
  run.lease_until = now + with_.options.lease;
  run.inputs = info_.inputs;
  run.created_at = now;
  run.started_at = now;
  std::vector<store::StepRecord> records(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const StepDefinition& step = graph_.step(i);
    records[i].id = step.id;
    records[i].name = step.name;
    records[i].kind = step.kind;
    records[i].effect = std::string(to_string(step.effect));
    records[i].unmet = steps_[i].unmet;
  }
  return with_.journal.create(run, definition, records);
}

void Run::turn() {
  if (journal_error_) {
    return;
  }
  for (Outcome& outcome : std::exchange(outcomes_, {})) {
    settle(outcome.index, std::move(outcome.result));
  }
  const std::vector<std::size_t> starting = begin_ready();
  if (!write_.steps.empty() || !changes_.empty()) {
    commit();
  }
  const std::vector<Retry> retries = std::exchange(retries_, {});
  if (journal_error_) {
    return;
  }
  for (const Retry& retry : retries) {
    scope_.spawn(wake_later(retry.index, retry.wait));
  }
  running_ += starting.size();
  for (const std::size_t index : starting) {
    scope_.spawn(attempt(index));
  }
}

std::vector<std::size_t> Run::begin_ready() {
  std::vector<std::size_t> starting;
  const std::size_t limit = std::max<std::size_t>(1, with_.options.max_parallel);
  while (running_ + starting.size() < limit && !ready_.empty()) {
    const std::size_t index = ready_.front();
    ready_.pop_front();
    if (steps_[index].report.state != StepState::kReady) {
      continue;
    }
    if (info_.deadline.passed()) {
      const std::string why = "the time for the whole run is up";
      failure_ = failure_.empty() ? why : failure_;
      stop_all(StepEvent::kSkip, why);
    } else {
      begin(index);
      starting.push_back(index);
    }
  }
  return starting;
}

/// The intent, durable before the call.
void Run::begin(std::size_t index) {
  Step& step = steps_[index];
  const WallTime now = with_.clock.wall();
  ++step.report.attempts;
  if (!step.report.started_at) {
    step.report.started_at = now;
  }
  step.report.error.clear();
  step.report.error_code.clear();
  move(index, StepEvent::kStart);
  store::StepWrite started;
  started.step_id = step.report.id;
  started.state = StepState::kRunning;
  started.attempt = step.report.attempts;
  started.at = now;
  started.idempotency_key = key(index);
  started.input = graph_.step(index).payload;
  write_.steps.push_back(std::move(started));
}

Task<void> Run::attempt(std::size_t index) {
  const StepDefinition& step = graph_.step(index);
  steps_[index].began = with_.clock.steady();
  StepContext context;
  context.run_id = info_.run_id;
  context.task_id = info_.task_id;
  context.session_id = info_.session_id;
  context.step = &step;
  context.inputs = &info_.inputs;
  context.outputs = this;
  context.attempt = steps_[index].report.attempts;
  context.idempotency_key = key(index);
  context.deadline = info_.deadline;
  if (step.timeout) {
    context.deadline = context.deadline.sooner(Deadline::after(*step.timeout));
  }
  const Deadline deadline = context.deadline;
  Task<Result<StepResult>> work = with_.runner.run(std::move(context));
  Result<StepResult> result =
      co_await async::with_deadline(deadline, std::move(work), "step '" + step.id + "'");
  outcomes_.push_back({index, std::move(result)});
  --running_;
  wake_.notify_from_any_thread();
}

Task<void> Run::wake_later(std::size_t index, Millis wait) {
  const Deadline due = Deadline::after(wait).sooner(info_.deadline);
  const Result<void> slept = co_await async::sleep_until(due);
  if (slept && steps_[index].report.state == StepState::kReady) {
    ready_.push_back(index);
    wake_.notify_from_any_thread();
  }
}

/// Makes the turn's write durable, then tells the observer. Once that has failed nothing goes on.
void Run::commit() {
  const WallTime now = with_.clock.wall();
  write_.run_id = info_.run_id;
  write_.epoch = kFirstEpoch;
  if (now - renewed_ > with_.options.lease / 3) {
    write_.lease_until = now + with_.options.lease;
    renewed_ = now;
  }
  if (open_ == 0) {
    write_.run = store::RunUpdate{outcome(), nullptr, failure_, now};
  }
  const store::RunWrite write = std::exchange(write_, {});
  const std::vector<StepReport> changes = std::exchange(changes_, {});
  if (journal_error_) {
    return;
  }
  if (!write.steps.empty() || write.run) {
    if (auto written = with_.journal.commit_one(write); !written) {
      journal_error_ = written.error();
      scope_.cancel();
      return;
    }
  }
  for (const StepReport& report : changes) {
    observer_.on_step(report);
  }
}

Millis Run::elapsed(SteadyTime began) const {
  return std::chrono::duration_cast<Millis>(with_.clock.steady() - began);
}

RunState Run::outcome() const {
  const bool any_cancelled = std::any_of(steps_.begin(), steps_.end(), [](const Step& step) {
    return step.report.state == StepState::kCancelled;
  });
  if (any_cancelled) {
    return RunState::kCancelled;
  }
  return failure_.empty() ? RunState::kCompleted : RunState::kFailed;
}

RunResult Run::result() const {
  RunResult result;
  result.run_id = info_.run_id;
  result.status = outcome();
  result.duration = elapsed(began_);
  result.error = failure_;
  if (result.error.empty() && result.status == RunState::kCancelled) {
    result.error = "the run was cancelled";
  }
  result.counts.total = steps_.size();
  result.steps.reserve(steps_.size());
  for (const Step& step : steps_) {
    const StepState state = step.report.state;
    result.counts.completed += state == StepState::kCompleted ? 1U : 0U;
    result.counts.failed += state == StepState::kFailed ? 1U : 0U;
    result.counts.skipped += state == StepState::kSkipped ? 1U : 0U;
    result.counts.cancelled += state == StepState::kCancelled ? 1U : 0U;
    if (state == StepState::kCompleted) {
      result.outputs[step.report.id] = step.report.output;
    }
    result.steps.push_back(step.report);
  }
  return result;
}

const json::Value* Run::find(std::string_view step_id) const {
  const auto index = graph_.find(step_id);
  if (!index || steps_[*index].report.state != StepState::kCompleted) {
    return nullptr;
  }
  return &steps_[*index].report.output;
}

std::string Run::key(std::size_t index) const {
  return idempotency_key(info_.run_id, graph_.step(index).id);
}

}  // namespace oap::workflow
