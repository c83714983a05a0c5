#include <utility>

#include "async/bug.hpp"
#include "workflow/run.hpp"

namespace oap::workflow {

void Run::settle(std::size_t index, Result<StepResult> outcome) {
  StepReport& report = steps_[index].report;
  report.duration = elapsed(steps_[index].began);
  if (outcome && outcome->ok) {
    report.output = std::move(outcome->output);
    end_step(index, StepEvent::kSucceed);
  } else {
    settle_failure(index, std::move(outcome));
  }
}

void Run::settle_failure(std::size_t index, Result<StepResult> outcome) {
  Step& step = steps_[index];
  const StepDefinition& definition = graph_.step(index);
  std::string error = outcome ? outcome->error : outcome.error().to_string();
  std::string code = outcome ? outcome->error_code : std::string(to_string(outcome.error().code()));
  const bool cancelled = cancelling_ && !outcome && outcome.error().code() == Code::kCancelled;
  const bool late = !outcome && outcome.error().code() == Code::kDeadlineExceeded;
  if (!cancelled) {
    if (const auto wait = retry_wait(step, definition, outcome)) {
      retry(index, *wait, std::move(error), std::move(code));
      return;
    }
  }
  if (definition.effect == Effect::kOnce && (late || cancelled)) {
    error += "; it may have taken effect and is not repeated";
  }
  if (outcome) {
    step.report.output = std::move(outcome->output);
  }
  step.report.error = std::move(error);
  step.report.error_code = std::move(code);
  end_step(index, cancelled ? StepEvent::kCancel : StepEvent::kFail);
  if (cancelled) {
    return;
  }
  if (definition.on_failure != FailurePolicy::kTolerate && failure_.empty()) {
    failure_ = fmt::format("step '{}' failed: {}", definition.id, step.report.error);
  }
  if (definition.on_failure == FailurePolicy::kFailFast) {
    stop_all(StepEvent::kSkip,
             fmt::format("the run stops because step '{}' failed", definition.id));
  }
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
  StepReport& report = steps_[index].report;
  report.error = std::move(error);
  report.error_code = std::move(error_code);
  move(index, StepEvent::kRetry);
  const WallTime now = with_.clock.wall();
  store::StepWrite failed;
  failed.step_id = report.id;
  failed.state = StepState::kReady;
  failed.attempt = report.attempts;
  failed.at = now;
  failed.error = report.error;
  failed.error_code = report.error_code;
  failed.due_at = now + wait;
  write_.steps.push_back(std::move(failed));
  retries_.push_back({index, wait});
}

void Run::end_step(std::size_t index, StepEvent event) {
  mark_ended(index, event);
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
      mark_ended(i, StepEvent::kSkip);
    } else {
      move(i, StepEvent::kReady);
      ready_.push_back(i);
    }
  }
  decided_.clear();
}

void Run::mark_ended(std::size_t index, StepEvent event) {
  StepReport& report = steps_[index].report;
  report.ended_at = with_.clock.wall();
  move(index, event);
  --open_;
  store::StepWrite ended;
  ended.step_id = report.id;
  ended.state = report.state;
  ended.attempt = report.attempts;
  ended.at = *report.ended_at;
  ended.output = report.output;
  ended.error = report.error;
  ended.error_code = report.error_code;
  for (const std::uint32_t next : graph_.successors(index)) {
    Step& successor = steps_[next];
    ended.successors.push_back(successor.report.id);
    if (report.state != StepState::kCompleted && !successor.blocked_by) {
      successor.blocked_by = static_cast<std::uint32_t>(index);
    }
    if (--successor.unmet == 0) {
      decided_.push_back(next);
    }
  }
  write_.steps.push_back(std::move(ended));
}

void Run::stop_all(StepEvent event, const std::string& why) {
  stopping_ = true;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    StepReport& report = steps_[i].report;
    if (report.state == StepState::kPending || report.state == StepState::kReady) {
      report.error = why;
      mark_ended(i, event);
    }
  }
  decided_.clear();
}

void Run::cancel_run() {
  cancelling_ = true;
  stop_all(StepEvent::kCancel, "the run was cancelled");
  scope_.cancel();
}

void Run::move(std::size_t index, StepEvent event) {
  StepReport& report = steps_[index].report;
  const auto state = next(report.state, event);
  if (!state) {
    const std::string what = fmt::format("step '{}' is {} and got {}", report.id,
                                         to_string(report.state), to_string(event));
    async::report_bug(what);
    journal_error_ = Error(Code::kInternal, what);
    return;
  }
  report.state = *state;
  if (observer_.on_step) {
    changes_.push_back(report);
  }
}

}  // namespace oap::workflow
