#include "workflow/engine.hpp"

#include <algorithm>

#include "async/deadline.hpp"
#include "base/ids.hpp"
#include "workflow/engine/body.hpp"
#include "workflow/engine/reporting.hpp"

namespace oap::workflow {

Engine::Body::Body(Executor executor, store::RunRepository& runs, StepRunner& runner,
                   const Clock& clock, Options options)
    : executor_(std::move(executor)),
      store_(runs),
      runner_(runner),
      clock_(clock),
      options_(std::move(options)),
      owner_(options_.owner),
      wall_base_(clock.wall()),
      steady_base_(clock.steady()),
      journal_(std::make_unique<JournalThread>(runs, executor_)),
      admission_(options_.limits),
      random_(options_.seed == 0 ? std::random_device{}() : options_.seed),
      wake_(executor_),
      looked_(clock.steady()),
      renewed_(clock.steady()) {}

/// Begins what goes on beside the runs; at the first use, since the executor may not run before.
void Engine::Body::open() {
  if (opened_) {
    return;
  }
  opened_ = true;
  journal_->call([owner = owner_.text(), until = clock_.wall() + options_.lease](
                     store::RunRepository& runs) -> JournalThread::Answer {
    (void)runs.renew(owner, until);
    return {};
  });
  begin_polling();
  async::Branch keeper(executor_);
  keeper_ = keeper;
  keeper.start(keep_time(shared_from_this()));
  if (options_.hosts_all) {
    look_around();
  }
}

void Engine::Body::abandon() {
  gone_ = true;
  journal_->stop();
  owner_.retire();  // what still ends here keeps this object for a while
  for (const auto& [id, run] : live_) {
    run->gone = true;
    for (const auto& [node, attempt] : run->attempts) {
      attempt->forgotten = true;
      if (attempt->branch) {
        attempt->branch->cancel();
      }
    }
  }
  live_.clear();
  for (auto& [id, promises] : std::exchange(waiting_, {})) {
    for (WaitPromise& promise : promises) {
      promise.set(fail(Code::kCancelled, "the engine is gone; run {} can be resumed", id));
    }
  }
  if (keeper_) {
    wake_.notify();
  }
}

Task<Result<std::string>> Engine::Body::start(StartRequest request) {
  if (closing_) {
    co_return fail(Code::kFailedPrecondition, "the engine is closing");
  }
  OAP_CO_TRY(Prepared prepared, prepare(std::move(request), {}, {}));
  const std::string id = prepared.run->machine.identity().run_id;
  async::Promise<Result<void>> made;
  launch(std::move(prepared), [made](Result<void> done) mutable { made.set(std::move(done)); });
  const Deadline never = Deadline::never();
  OAP_CO_TRY(const Result<void> done, co_await made.get(never));
  OAP_CO_CHECK_OK(done);
  co_return id;
}

Task<Result<RunResult>> Engine::Body::wait(std::string run_id, Deadline deadline) {
  const bool here = live_.contains(run_id) || parked_.contains(run_id) || loading_.contains(run_id);
  if (!here) {
    OAP_CO_TRY(RunResult now, co_await show(run_id));
    if (is_end(now.status)) {
      co_return now;
    }
  }
  WaitPromise promise;
  waiting_[run_id].push_back(promise);
  Result<Result<RunResult>> result = co_await promise.get(deadline);
  if (!result) {
    co_return fail(std::move(result).error());
  }
  co_return *std::move(result);
}

Task<Result<RunResult>> Engine::Body::run(StartRequest request, Observer observer) {
  constexpr Millis kCleanUp{30'000};
  if (request.run_id.empty()) {
    request.run_id = new_id("run_");
  }
  const std::string id = request.run_id;
  const std::shared_ptr<void> watching = observe(id, std::move(observer));
  Task<Result<std::string>> starting = start(std::move(request));
  OAP_CO_TRY(const std::string started, co_await async::shielded(std::move(starting)));
  const Deadline never = Deadline::never();
  Result<RunResult> result = co_await wait(id, never);
  if (result || result.error().code() != Code::kCancelled) {
    co_return result;
  }
  Task<Result<void>> cancelling = post(id, json::Object{{"kind", "cancel"}, {"by", ""}});
  const Result<void> cancelled = co_await async::shielded(std::move(cancelling));
  if (!cancelled && cancelled.error().code() != Code::kFailedPrecondition) {
    co_return fail(cancelled.error());
  }
  const Deadline later = Deadline::after(kCleanUp);
  Task<Result<RunResult>> ending = wait(id, later);
  co_return co_await async::shielded(std::move(ending));
}

std::shared_ptr<void> Engine::Body::observe(std::string run_id, Observer observer) {
  watchers_.push_back({std::move(run_id), std::move(observer)});
  const auto entry = std::prev(watchers_.end());
  return {static_cast<void*>(&*entry), [weak = weak_from_this(), entry](void*) {
            if (const auto body = weak.lock()) {
              body->watchers_.erase(entry);
            }
          }};
}

Task<bool> Engine::Body::ask_plainly(std::function<bool(store::RunRepository&)> question) {
  std::function<Result<bool>(store::RunRepository&)> wrapped =
      [question = std::move(question)](store::RunRepository& runs) -> Result<bool> {
    return question(runs);
  };
  const Result<bool> answer = co_await ask<Result<bool>>(std::move(wrapped));
  co_return answer && *answer;
}

Task<void> Engine::Body::close(Deadline deadline) {
  closing_ = true;
  for (const auto& [id, run] : live_) {
    for (const auto& [node, attempt] : run->attempts) {
      if (attempt->branch) {
        attempt->branch->cancel();
      }
    }
  }
  const auto busy = [this] {
    return !loading_.empty() || std::any_of(live_.begin(), live_.end(), [](const auto& entry) {
      return entry.second->in_flight || entry.second->marked || !entry.second->attempts.empty();
    });
  };
  constexpr Millis kStep{5};
  while (busy() && !deadline.passed()) {
    async::Event pause(executor_);
    const Deadline soon = Deadline::after(kStep).sooner(deadline);
    co_await pause.wait_shielded(soon);
  }
  std::vector<store::Turn> turns;
  for (const auto& [id, run] : live_) {
    run->gone = true;
    store::Turn turn;
    turn.run_id = id;
    turn.epoch = run->epoch;
    turn.seq = run->seq;
    turn.head = run->head;
    turn.lets_go = true;
    turn.wake_at = WallTime{};
    turns.push_back(std::move(turn));
  }
  live_.clear();
  std::function<bool(store::RunRepository&)> last =
      [turns, owner = owner_.text()](store::RunRepository& runs) {
        (void)runs.write({}, turns);
        return runs.forget(owner).has_value();
      };
  Task<bool> releasing = ask_plainly(std::move(last));
  co_await std::move(releasing);
  gone_ = true;
  wake_.notify();
  for (auto& [id, promises] : std::exchange(waiting_, {})) {
    for (WaitPromise& promise : promises) {
      promise.set(fail(Code::kCancelled, "the engine was closed; run {} can be resumed", id));
    }
  }
}

Engine::Engine(Executor executor, store::RunRepository& runs, StepRunner& runner,
               const Clock& clock, Options options)
    : body_(std::make_shared<Body>(std::move(executor), runs, runner, clock, std::move(options))) {}

Engine::~Engine() { body_->abandon(); }

Task<Result<std::string>> Engine::start(StartRequest request) {
  body_->open();
  return body_->start(std::move(request));
}
Task<Result<RunResult>> Engine::wait(std::string run_id, Deadline deadline) {
  body_->open();
  return body_->wait(std::move(run_id), deadline);
}
Task<Result<RunResult>> Engine::run(StartRequest request, Observer observer) {
  body_->open();
  return body_->run(std::move(request), std::move(observer));
}
Task<Result<std::string>> Engine::resume(std::string run_id) {
  body_->open();
  return body_->resume(std::move(run_id));
}
Task<Result<std::vector<std::string>>> Engine::resume_all() {
  body_->open();
  return body_->resume_all();
}
Task<Result<void>> Engine::signal(std::string run_id, std::string name, json::Value payload) {
  body_->open();
  json::Object body{{"kind", "signal"}, {"name", name}, {"payload", std::move(payload)}};
  return body_->post(std::move(run_id), std::move(body));
}
Task<Result<void>> Engine::approve(std::string run_id, std::string step, Vote vote) {
  body_->open();
  return body_->approve(std::move(run_id), std::move(step), std::move(vote));
}
Task<Result<void>> Engine::resolve(std::string run_id, std::string step, Resolution resolution) {
  body_->open();
  return body_->resolve(std::move(run_id), std::move(step), std::move(resolution));
}
Task<Result<void>> Engine::cancel(std::string run_id, std::string by) {
  body_->open();
  return body_->post(std::move(run_id), json::Object{{"kind", "cancel"}, {"by", by}});
}
Task<Result<void>> Engine::pause(std::string run_id, std::string by) {
  body_->open();
  return body_->post(std::move(run_id), json::Object{{"kind", "pause"}, {"by", by}});
}
Task<Result<void>> Engine::unpause(std::string run_id, std::string by, Budget more) {
  body_->open();
  json::Object body{{"kind", "unpause"},
                    {"by", by},
                    {"tokens", more.tokens.value_or(0)},
                    {"cost_usd", more.cost_usd.value_or(0)}};
  return body_->post(std::move(run_id), std::move(body));
}
Task<Result<std::string>> Engine::fork(ForkRequest request) {
  body_->open();
  return body_->fork(std::move(request));
}
Task<Result<RunResult>> Engine::show(std::string run_id) {
  body_->open();
  return body_->show(std::move(run_id));
}
Task<Result<std::shared_ptr<const Blueprint>>> Engine::definition(std::string run_id) {
  body_->open();
  return body_->definition(std::move(run_id));
}
std::shared_ptr<void> Engine::observe(std::string run_id, Observer observer) {
  return body_->observe(std::move(run_id), std::move(observer));
}
Task<void> Engine::close(Deadline deadline) { return body_->close(deadline); }
std::size_t Engine::live() const { return body_->live(); }
const std::string& Engine::owner() const { return body_->owner(); }

}  // namespace oap::workflow
