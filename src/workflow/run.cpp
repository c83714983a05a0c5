#include "workflow/run.hpp"

#include <algorithm>
#include <utility>

#include "async/bug.hpp"
#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "crypto/hash.hpp"
#include "json/print.hpp"

namespace oap::workflow {
namespace {

/// A run that is created with an owner belongs to it with this epoch.
constexpr std::int64_t kFirstEpoch = 1;

Millis since(SteadyTime began, SteadyTime now) {
  return std::chrono::duration_cast<Millis>(now - began);
}

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
      move(steps_[i], StepEvent::kReady);
      ready_.push_back(i);
      if (observer_.on_step) {
        observer_.on_step(steps_[i].report);
      }
    }
  }
  if (open_ == 0) {
    store::RunWrite nothing;
    commit(std::move(nothing));
  }
  const Deadline never = Deadline::never();
  while (open_ > 0 && !(journal_error_ && running_ == 0)) {
    start_ready();
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

/// Starts what was ready on entry; what becomes ready meanwhile gets the next turn.
void Run::start_ready() {
  std::size_t count = ready_.size();
  const std::size_t limit = std::max<std::size_t>(1, with_.options.max_parallel);
  while (count-- > 0 && running_ < limit && !journal_error_ && !ready_.empty()) {
    const std::size_t index = ready_.front();
    ready_.pop_front();
    if (steps_[index].report.state != StepState::kReady) {
      continue;
    }
    if (info_.deadline.passed()) {
      store::RunWrite write;
      failure_ = failure_.empty() ? "the time for the whole run is up" : failure_;
      stop_all(StepEvent::kSkip, "the time for the whole run is up", write);
      commit(std::move(write));
      wake_.notify_from_any_thread();
      return;
    }
    ++running_;
    scope_.spawn(attempt(index));
  }
}

Task<void> Run::attempt(std::size_t index) {
  if (begin(index)) {
    const StepDefinition& step = graph_.step(index);
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
    Result<StepResult> outcome =
        co_await async::with_deadline(deadline, std::move(work), "step '" + step.id + "'");
    settle(index, std::move(outcome));
  }
  --running_;
  wake_.notify_from_any_thread();
}

/// The intent is durable before the call.
bool Run::begin(std::size_t index) {
  Step& step = steps_[index];
  move(step, StepEvent::kStart);
  ++step.report.attempts;
  step.began = with_.clock.steady();
  const WallTime now = with_.clock.wall();
  if (!step.report.started_at) {
    step.report.started_at = now;
  }
  step.report.error.clear();
  step.report.error_code.clear();
  store::StepWrite started;
  started.step_id = step.report.id;
  started.state = StepState::kRunning;
  started.attempt = step.report.attempts;
  started.at = now;
  started.idempotency_key = key(index);
  started.input = graph_.step(index).payload;
  store::RunWrite write;
  write.steps.push_back(std::move(started));
  changed_.push_back(index);
  commit(std::move(write));
  return !journal_error_;
}

void Run::settle(std::size_t index, Result<StepResult> outcome) {
  if (journal_error_) {
    return;
  }
  Step& step = steps_[index];
  const StepDefinition& definition = graph_.step(index);
  step.report.duration = since(step.began, with_.clock.steady());
  store::RunWrite write;
  if (outcome && outcome->ok) {
    step.report.output = std::move(outcome->output);
    end_step(index, StepEvent::kSucceed, write);
    commit(std::move(write));
    return;
  }
  std::string error = outcome ? outcome->error : outcome.error().to_string();
  std::string code = outcome ? outcome->error_code : std::string(to_string(outcome.error().code()));
  const bool cancelled = cancelling_ && !outcome && outcome.error().code() == Code::kCancelled;
  if (!cancelled) {
    if (const auto wait = retry_wait(step, definition, outcome)) {
      retry(index, *wait, std::move(error), std::move(code));
      return;
    }
  }
  const bool late = !outcome && outcome.error().code() == Code::kDeadlineExceeded;
  if (definition.effect == Effect::kOnce && (late || cancelled)) {
    error += "; it may have taken effect and is not repeated";
  }
  if (outcome) {
    step.report.output = std::move(outcome->output);
  }
  step.report.error = std::move(error);
  step.report.error_code = std::move(code);
  end_step(index, cancelled ? StepEvent::kCancel : StepEvent::kFail, write);
  if (!cancelled && definition.on_failure != FailurePolicy::kTolerate && failure_.empty()) {
    failure_ = fmt::format("step '{}' failed: {}", definition.id, step.report.error);
  }
  if (!cancelled && definition.on_failure == FailurePolicy::kFailFast) {
    stop_all(StepEvent::kSkip, fmt::format("the run stops because step '{}' failed", definition.id),
             write);
  }
  commit(std::move(write));
}

std::optional<Millis> Run::retry_wait(Step& step, const StepDefinition& definition,
                                      const Result<StepResult>& outcome) {
  const bool may = outcome ? outcome->retryable : is_retryable(outcome.error().code());
  if (!may || definition.effect == Effect::kOnce || stopping_ || cancelling_) {
    return std::nullopt;
  }
  const bool late = !outcome && outcome.error().code() == Code::kDeadlineExceeded;
  if (!outcome && !late && step.infrastructure_retries < with_.options.infrastructure_retries) {
    ++step.infrastructure_retries;
  } else if (step.counted_retries < definition.retry.count) {
    ++step.counted_retries;
  } else {
    return std::nullopt;
  }
  const double part = static_cast<double>(random_() - std::minstd_rand::min()) /
                      static_cast<double>(std::minstd_rand::max());
  return backoff(definition.retry, step.report.attempts, part);
}

void Run::retry(std::size_t index, Millis wait, std::string error, std::string error_code) {
  Step& step = steps_[index];
  move(step, StepEvent::kRetry);
  step.report.error = std::move(error);
  step.report.error_code = std::move(error_code);
  const WallTime now = with_.clock.wall();
  store::StepWrite failed;
  failed.step_id = step.report.id;
  failed.state = StepState::kReady;
  failed.attempt = step.report.attempts;
  failed.at = now;
  failed.error = step.report.error;
  failed.error_code = step.report.error_code;
  failed.due_at = now + wait;
  store::RunWrite write;
  write.steps.push_back(std::move(failed));
  changed_.push_back(index);
  commit(std::move(write));
  if (!journal_error_) {
    scope_.spawn(wake_later(index, wait));
  }
}

Task<void> Run::wake_later(std::size_t index, Millis wait) {
  const Deadline due = Deadline::after(wait).sooner(info_.deadline);
  const Result<void> slept = co_await async::sleep_until(due);
  if (slept && steps_[index].report.state == StepState::kReady) {
    ready_.push_back(index);
    wake_.notify_from_any_thread();
  }
}

void Run::end_step(std::size_t index, StepEvent event, store::RunWrite& write) {
  mark_ended(index, event, write);
  for (std::size_t k = 0; k < decided_.size(); ++k) {
    const std::size_t i = decided_[k];
    Step& step = steps_[i];
    if (is_end(step.report.state)) {
      continue;
    }
    if (step.blocked_by) {
      const StepReport& blocker = steps_[*step.blocked_by].report;
      step.report.error =
          fmt::format("skipped because step '{}' {}", blocker.id,
                      blocker.state == StepState::kFailed ? "failed" : "did not run");
      mark_ended(i, StepEvent::kSkip, write);
    } else {
      move(step, StepEvent::kReady);
      ready_.push_back(i);
      changed_.push_back(i);
    }
  }
  decided_.clear();
}

void Run::mark_ended(std::size_t index, StepEvent event, store::RunWrite& write) {
  Step& step = steps_[index];
  move(step, event);
  step.report.ended_at = with_.clock.wall();
  --open_;
  changed_.push_back(index);
  store::StepWrite ended;
  ended.step_id = step.report.id;
  ended.state = step.report.state;
  ended.attempt = step.report.attempts;
  ended.at = *step.report.ended_at;
  ended.output = step.report.output;
  ended.error = step.report.error;
  ended.error_code = step.report.error_code;
  for (const std::uint32_t next : graph_.successors(index)) {
    Step& successor = steps_[next];
    ended.successors.push_back(successor.report.id);
    if (step.report.state != StepState::kCompleted && !successor.blocked_by) {
      successor.blocked_by = static_cast<std::uint32_t>(index);
    }
    if (--successor.unmet == 0) {
      decided_.push_back(next);
    }
  }
  write.steps.push_back(std::move(ended));
}

void Run::stop_all(StepEvent event, const std::string& why, store::RunWrite& write) {
  stopping_ = true;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    StepReport& report = steps_[i].report;
    if (report.state == StepState::kPending || report.state == StepState::kReady) {
      report.error = why;
      mark_ended(i, event, write);
    }
  }
  decided_.clear();
}

void Run::cancel_run() {
  cancelling_ = true;
  store::RunWrite write;
  stop_all(StepEvent::kCancel, "the run was cancelled", write);
  commit(std::move(write));
  scope_.cancel();
}

/// Makes the write durable, then tells the observer. Once that has failed nothing goes on.
void Run::commit(store::RunWrite write) {
  if (journal_error_) {
    return;
  }
  const WallTime now = with_.clock.wall();
  write.run_id = info_.run_id;
  write.epoch = kFirstEpoch;
  if (now - renewed_ > with_.options.lease / 3) {
    write.lease_until = now + with_.options.lease;
    renewed_ = now;
  }
  if (open_ == 0) {
    write.run = store::RunUpdate{outcome(), nullptr, failure_, now};
  }
  if (auto written = with_.journal.commit_one(write); !written) {
    journal_error_ = written.error();
    changed_.clear();
    scope_.cancel();
    return;
  }
  for (const std::size_t index : std::exchange(changed_, {})) {
    if (observer_.on_step) {
      observer_.on_step(steps_[index].report);
    }
  }
}

void Run::move(Step& step, StepEvent event) {
  if (const auto state = next(step.report.state, event)) {
    step.report.state = *state;
    return;
  }
  const std::string what = fmt::format("step '{}' is {} and got {}", step.report.id,
                                       to_string(step.report.state), to_string(event));
  async::report_bug(what);
  journal_error_ = Error(Code::kInternal, what);
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
  result.duration = since(began_, with_.clock.steady());
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
