#include <algorithm>

#include <boost/asio/post.hpp>

#include "workflow/engine/body.hpp"
#include "workflow/engine/reporting.hpp"

namespace oap::workflow {

/// Wall time that never jumps: as it was when the engine began, and what has passed since.
WallTime Engine::Body::now() const {
  return wall_base_ +
         std::chrono::duration_cast<WallTime::duration>(clock_.steady() - steady_base_);
}

/// The run has something to do; it gets its turn once what happens right now has been heard.
void Engine::Body::mark(const std::shared_ptr<LiveRun>& run) {
  if (run->marked || run->gone || gone_) {
    return;
  }
  run->marked = true;
  marked_.push_back(run);
  if (!draining_) {
    draining_ = true;
    boost::asio::post(executor_, [weak = weak_from_this()] {
      if (const auto body = weak.lock(); body && !body->gone_) {
        body->drain();
      }
    });
  }
}

void Engine::Body::drain() {
  draining_ = false;
  for (const std::shared_ptr<LiveRun>& run : std::exchange(marked_, {})) {
    run->marked = false;
    pump(run);
  }
  offer_places();
}

/// One turn: take up what has happened, decide, queue the commit.
void Engine::Body::pump(const std::shared_ptr<LiveRun>& run) {
  if (run->in_flight || run->gone || gone_) {
    return;
  }
  Machine& machine = run->machine;
  const WallTime at = std::max(now(), run->now_floor);
  for (auto& happened : std::exchange(run->happened, {})) {
    happened(machine, at);
  }
  if (!run->gated || machine.state().cancelling) {
    machine.tick(at);
    machine.advance(at);
  }
  if (machine.broken()) {
    give_places_back(*run, machine.take().commands);
    let_go(run, *machine.broken());
    return;
  }
  for (const std::string& place : run->wanted) {
    auto& queue = wants_[place];
    if (std::find(queue.begin(), queue.end(), machine.identity().run_id) == queue.end()) {
      queue.push_back(machine.identity().run_id);
    }
  }
  commit(run, at);
}

void Engine::Body::commit(const std::shared_ptr<LiveRun>& run, WallTime at) {
  Outbox out = run->machine.take();
  const bool nothing = out.events.empty() && out.taken.empty() && out.released_groups.empty();
  if (nothing) {
    execute(run, std::move(out.commands));
    rest(run);
    return;
  }
  store::Turn turn;
  turn.run_id = run->machine.identity().run_id;
  turn.epoch = run->epoch;
  turn.seq = run->seq;
  turn.head = run->head;
  turn.at = at;
  turn.events = std::move(out.events);
  turn.change = std::move(out.change);
  turn.blobs = std::move(out.blobs);
  turn.taken = std::move(out.taken);
  turn.orders = out.orders;
  turn.released_groups = std::move(out.released_groups);
  turn.memos = std::move(out.memos);
  if (run->machine.wants_snapshot() && !run->machine.is_over()) {
    turn.snapshot = run->machine.snapshot();
  }
  run->in_flight = true;
  run->orders = std::move(out.orders);
  run->freed_groups = !turn.released_groups.empty();
  run->touched = std::move(out.touched);
  std::vector<Command> now_commands;
  (out.must_be_durable ? run->after_commit : now_commands) = std::move(out.commands);
  journal_->commit(std::move(turn), [weak = weak_from_this(), run](Result<store::TurnDone> done) {
    if (const auto body = weak.lock(); body && !body->gone_) {
      body->committed(run, std::move(done));
    }
  });
  execute(run, std::move(now_commands));
}

void Engine::Body::committed(const std::shared_ptr<LiveRun>& run, Result<store::TurnDone> done) {
  run->in_flight = false;
  if (!done) {
    let_go(run, done.error());
    return;
  }
  run->seq = done->seq;
  run->head = std::move(done->head);
  run->fresh_blobs.clear();
  if (run->gone) {
    give_places_back(*run, std::exchange(run->after_commit, {}));
    return;
  }
  report(*run, std::exchange(run->touched, {}));
  for (store::Order& order : std::exchange(run->orders, {})) {
    deliver(std::move(order));
  }
  if (std::exchange(run->freed_groups, false)) {
    ask_for_groups();
  }
  execute(run, std::exchange(run->after_commit, {}));
  if (run->machine.is_over()) {
    finish(run);
  } else {
    mark(run);
  }
}

void Engine::Body::execute(const std::shared_ptr<LiveRun>& run, std::vector<Command> commands) {
  for (Command& command : commands) {
    if (auto* const attempt = std::get_if<RunAttempt>(&command); attempt != nullptr && closing_) {
      withdraw(run, *attempt);
    } else if (attempt != nullptr) {
      begin_attempt(run, std::move(*attempt));
    } else if (auto* const stop = std::get_if<StopAttempt>(&command)) {
      stop_attempt(*run, *stop);
    } else if (auto* const child = std::get_if<StartChild>(&command)) {
      start_child(run, std::move(*child));
    } else if (auto* const group = std::get_if<TakeGroup>(&command)) {
      take_group(run, std::move(*group));
    }
  }
}

void Engine::Body::report(LiveRun& run, const std::vector<NodeId>& touched) {
  if (watchers_.empty()) {
    return;
  }
  const Machine& machine = run.machine;
  const std::list<Watcher> watchers = watchers_;
  for (const Watcher& watcher : watchers) {
    if (!watcher.run_id.empty() && watcher.run_id != machine.identity().run_id) {
      continue;
    }
    if (watcher.observer.on_step) {
      for (const NodeId node : touched) {
        if (machine.state().node(node).free) {
          continue;
        }
        watcher.observer.on_step(report_step(machine.state(), node));
      }
    }
    if (watcher.observer.on_run) {
      RunResult now = report_run(machine.state(), machine.identity().run_id, false);
      now.waits_for = machine.waits_for();
      if (run.gated && !machine.is_over()) {
        now.status = RunState::kPending;
        now.waits_for = run.waits;
      }
      watcher.observer.on_run(now);
    }
  }
}

/// Nothing to decide now: leave memory where nothing will happen for a while.
void Engine::Body::rest(const std::shared_ptr<LiveRun>& run) {
  Machine& machine = run->machine;
  if (machine.is_over()) {
    finish(run);
    return;
  }
  const auto due = machine.next_due();
  const bool soon = due && *due < std::max(now(), run->now_floor) + options_.park_after;
  if ((run->gated && !machine.state().cancelling) || !run->attempts.empty() || machine.is_busy() ||
      machine.wants_places() || soon || run->children_coming > 0 || !run->happened.empty()) {
    set_timer(run);
    return;
  }
  park(run, due);
}

void Engine::Body::park(const std::shared_ptr<LiveRun>& run, std::optional<WallTime> due) {
  const std::string id = run->machine.identity().run_id;
  store::Turn turn;
  turn.run_id = id;
  turn.epoch = run->epoch;
  turn.seq = run->seq;
  turn.head = run->head;
  turn.at = now();
  turn.lets_go = true;
  turn.wake_at = due;
  turn.snapshot = {};
  run->in_flight = true;
  run->parking = true;
  parked_.insert(id);
  if (due) {
    const Millis left = std::chrono::duration_cast<Millis>(*due - now());
    due_.push({clock_.steady() + std::max(left, Millis(0)), id, kNoNode, 0, to_millis(*due)});
    wake_.notify();
  }
  journal_->commit(
      std::move(turn), [weak = weak_from_this(), run, due](Result<store::TurnDone> done) {
        const auto body = weak.lock();
        if (!body || body->gone_) {
          return;
        }
        run->in_flight = false;
        run->parking = false;
        const std::string& run_id = run->machine.identity().run_id;
        if (!done) {
          body->let_go(run, done.error());
          return;
        }
        run->gone = true;
        const auto entry = body->live_.find(run_id);
        if (entry != body->live_.end() && entry->second == run) {
          body->live_.erase(entry);
        }
        const bool passed = due && *due <= std::max(body->now(), run->now_floor);
        if (passed || !run->happened.empty()) {  // its time, or an order that is in the store
          body->wake(run_id, passed);
          return;
        }
        body->journal_->call([weak, run_id](store::RunRepository& runs) -> JournalThread::Answer {
          const auto orders = runs.orders_of(run_id);
          if (!orders || orders->empty()) {
            return {};
          }
          return [weak, run_id] {
            if (const auto alive = weak.lock(); alive && !alive->gone_) {
              alive->wake(run_id);
            }
          };
        });
      });
}

void Engine::Body::finish(const std::shared_ptr<LiveRun>& run) {
  if (!run->attempts.empty()) {
    return;  // the last of them comes here again
  }
  const std::string id = run->machine.identity().run_id;
  run->gone = true;
  forget(*run);
  if (const auto waiters = waiting_.find(id); waiters != waiting_.end()) {
    answer(id, report_run(run->machine.state(), id, true,
                          [&](const json::Value& value) { return resolved(*run, value); }));
  }
}

void Engine::Body::forget(const LiveRun& run) {
  const std::string& id = run.machine.identity().run_id;
  if (const auto entry = live_.find(id); entry != live_.end() && entry->second.get() == &run) {
    live_.erase(entry);
    parked_.erase(id);
  }
}

void Engine::Body::answer(const std::string& run_id, const Result<RunResult>& result) {
  const auto found = waiting_.find(run_id);
  if (found == waiting_.end()) {
    return;
  }
  std::vector<WaitPromise> promises = std::move(found->second);
  waiting_.erase(found);
  for (WaitPromise& promise : promises) {
    promise.set(result);
  }
}

/// The run goes on without this engine: what it does is cancelled, and what it knows forgotten.
void Engine::Body::let_go(const std::shared_ptr<LiveRun>& run, Error error) {
  if (run->gone) {
    return;
  }
  run->gone = true;
  const std::string id = run->machine.identity().run_id;
  give_places_back(*run, std::exchange(run->after_commit, {}));
  for (const auto& [node, attempt] : run->attempts) {
    attempt->forgotten = true;
    if (attempt->branch) {
      attempt->branch->cancel();
    }
  }
  forget(*run);
  offer_places();
  if (error.code() != Code::kFailedPrecondition && error.code() != Code::kNotFound) {
    store::Turn turn;
    turn.run_id = id;
    turn.epoch = run->epoch;
    turn.seq = run->seq;
    turn.head = run->head;
    turn.lets_go = true;
    turn.wake_at = WallTime{};
    abandoned_[id] = std::move(turn);
  }
  answer(id, fail(std::move(error).with_context("run " + id)));
}

void Engine::Body::set_timer(const std::shared_ptr<LiveRun>& run) {
  const auto due = run->machine.next_due();
  if (!due) {
    return;
  }
  const std::int64_t wall = to_millis(*due);
  if (run->timer && *run->timer <= wall) {
    return;
  }
  run->timer = wall;
  const Millis left = std::chrono::duration_cast<Millis>(*due - now());
  due_.push({clock_.steady() + std::max(left, Millis(0)), run->machine.identity().run_id, kNoNode,
             0, wall});
  wake_.notify();
}

}  // namespace oap::workflow
