#include "workflow/engine/body.hpp"

namespace oap::workflow {

/// Timers, leases, and what could not be written.
Task<void> Engine::Body::keep_time(std::shared_ptr<Body> body) {
  constexpr Millis kAtLeast{1'000};
  while (!body->gone_) {
    constexpr Millis kWaited{500};
    const Millis most = body->waiting_.empty() ? kAtLeast : kWaited;
    Deadline next = Deadline::after(std::min(most, body->options_.lease / 3));
    if (!body->due_.empty()) {
      next = next.sooner(Deadline::at(body->due_.top().at));
    }
    co_await body->wake_.wait(next);
    body->wake_.reset();
    if (body->gone_ || co_await async::cancel_requested()) {
      break;
    }
    body->fire_due();
    body->renew();
    body->release_abandoned();
    body->look_at_others();
  }
}

void Engine::Body::fire_due() {
  const SteadyTime at = clock_.steady();
  while (!due_.empty() && due_.top().at <= at) {
    const Due due = due_.top();
    due_.pop();
    if (due.node != kNoNode) {
      check_heartbeat(due);
      continue;
    }
    const auto found = live_.find(due.run_id);
    if (found == live_.end()) {
      if (parked_.contains(due.run_id)) {
        wake(due.run_id, true);
      }
      continue;
    }
    const std::shared_ptr<LiveRun> run = found->second;
    if (due.attempt == kGate) {
      gate(run);
      continue;
    }
    if (due.attempt == kGroups) {
      ask_for_groups();
      continue;
    }
    if (run->timer && *run->timer == due.wall) {
      run->timer.reset();
    }
    run->now_floor = std::max(run->now_floor, from_millis(due.wall));
    mark(run);
  }
}

void Engine::Body::renew() {
  const SteadyTime at = clock_.steady();
  if (at - renewed_ < options_.lease / 3) {
    return;
  }
  renewed_ = at;
  journal_->call([owner = owner_.text(), until = clock_.wall() + options_.lease](
                     store::RunRepository& runs) -> JournalThread::Answer {
    (void)runs.renew(owner, until);  // a lease that runs out costs at most the ownership
    return {};
  });
  if (options_.hosts_all) {
    look_around();
  }
}

/// Runs that are not here, and that somebody waits for: whoever runs them, they end some time.
void Engine::Body::look_at_others() {
  constexpr Millis kEvery{500};
  const SteadyTime at = clock_.steady();
  if (waiting_.empty() || at - looked_ < kEvery) {
    return;
  }
  looked_ = at;
  std::erase_if(looking_, [](const auto& entry) { return entry.second.done(); });
  for (const auto& [id, promises] : waiting_) {
    if (!live_.contains(id) && !loading_.contains(id) && !looking_.contains(id)) {
      async::Branch branch(executor_);
      looking_.emplace(id, branch);
      branch.start(look_at(shared_from_this(), id));
    }
  }
}

Task<void> Engine::Body::look_at(std::shared_ptr<Body> body, std::string run_id) {
  std::function<Result<store::RunRecord>(store::RunRepository&)> question =
      [run_id](store::RunRepository& runs) { return runs.find(run_id); };
  const Result<store::RunRecord> record =
      co_await body->ask<Result<store::RunRecord>>(std::move(question));
  if (body->gone_ || !record || !record->ended_at) {
    co_return;
  }
  const Result<RunResult> result = co_await body->show(run_id);
  if (!body->gone_ && !body->live_.contains(run_id)) {
    body->parked_.erase(run_id);
    body->answer(run_id, result);
  }
}

/// Runs that could not be recorded are given up in the store as soon as it can be written again.
void Engine::Body::release_abandoned() {
  for (auto& [id, turn] : std::exchange(abandoned_, {})) {
    const store::Turn kept = turn;
    journal_->commit(
        std::move(turn), [weak = weak_from_this(), kept](const Result<store::TurnDone>& done) {
          const auto body = weak.lock();
          const bool fenced = !done && (done.error().code() == Code::kFailedPrecondition ||
                                        done.error().code() == Code::kNotFound);
          if (body && !body->gone_ && !done && !fenced) {
            body->abandoned_[kept.run_id] = kept;
          }
        });
  }
}

/// Orders that other processes have put down.
void Engine::Body::begin_polling() {
  constexpr std::size_t kAllOrders = 1'000;  // what one question gives at most
  struct Seen {
    std::int64_t changes = -1;
  };
  auto seen = std::make_shared<Seen>();
  const bool hosts_all = options_.hosts_all;
  journal_->poll(options_.poll,
                 [weak = weak_from_this(), seen, owner = owner_.text(), hosts_all,
                  &clock = clock_](store::RunRepository& runs) -> JournalThread::Answer {
                   const auto changes = runs.changes();
                   if (changes && *changes == seen->changes && !hosts_all) {
                     return {};
                   }
                   const bool changed = changes && *changes != seen->changes;
                   auto orders = changed ? runs.orders(owner) : Result<std::vector<store::Order>>();
                   if (changed && orders && orders->size() < kAllOrders) {
                     seen->changes = *changes;  // else there are more, or they are still to be read
                   }
                   auto due = runs.due(clock.wall());
                   if ((!orders || orders->empty()) && (!due || due->empty())) {
                     return {};
                   }
                   return [weak, hosts_all, list = orders.value_or(std::vector<store::Order>{}),
                           ids = due.value_or(std::vector<std::string>{})] {
                     const auto body = weak.lock();
                     if (!body || body->gone_) {
                       return;
                     }
                     for (const store::Order& order : list) {
                       body->deliver(order);
                     }
                     for (const std::string& id : ids) {
                       if (hosts_all || body->parked_.contains(id)) {
                         body->wake(id);
                       }
                     }
                   };
                 });
}

}  // namespace oap::workflow
