#include <algorithm>

#include "async/sleep.hpp"
#include "base/log.hpp"
#include "workflow/engine/body.hpp"

namespace oap::workflow {

store::Claim Engine::Body::claim_now() const {
  store::Claim claim;
  claim.owner = owner_.text();
  claim.now = clock_.wall();
  return claim;
}

Result<void> name_the_dead(store::RunRepository& runs, store::Claim& claim) {
  OAP_TRY(const std::vector<store::OwnerRecord> owners, runs.owners());
  for (const store::OwnerRecord& owner : owners) {
    if (!is_alive(owner.name)) {
      claim.dead.push_back(owner.name);
    }
  }
  return {};
}

namespace {

/// Claims a run, but not again what this engine has already.
Result<store::RunRecord> claim_other(store::RunRepository& runs, const std::string& id,
                                     store::Claim& claim, bool may_be_ours) {
  OAP_CHECK_OK(name_the_dead(runs, claim));
  OAP_TRY(const store::RunRecord before, runs.find(id));
  if (before.owner == claim.owner && !may_be_ours) {
    return fail(Code::kFailedPrecondition, "run {} is being run here already", id);
  }
  return runs.claim(id, claim);
}

}  // namespace

void Engine::Body::set_floor(Loaded& loaded, WallTime now) {
  const auto& wake_at = loaded.record.wake_at;
  loaded.floor = wake_at && *wake_at <= now ? wake_at : std::nullopt;
}

namespace {

Error damaged(const store::RunRecord& record, const std::string& what) {
  return {Code::kDataLoss,
          fmt::format("the journal of run {} is damaged: {}; 'oap workflow history {}' shows it",
                      record.id, what, record.id)};
}

/// The events after a number, each held against its hash, and the newest against the run's row.
Result<std::vector<store::EventRow>> read_events(store::RunRepository& runs,
                                                 const store::RunRecord& record,
                                                 std::int64_t after) {
  constexpr std::size_t kPage = 10'000;
  const bool chained = !record.head.empty();
  std::string head = store::chain_start(record.id, record.definition_hash);
  if (chained && after > 0) {
    OAP_TRY(const std::vector<store::EventRow> before, runs.events(record.id, after - 1, 1));
    if (before.empty() || before[0].seq != after ||
        (after == record.seq && before[0].hash != record.head)) {
      return fail(damaged(record, fmt::format("event {} is not the one it was", after)));
    }
    head = before[0].hash;
  }
  std::vector<store::EventRow> all;
  while (true) {
    OAP_TRY(std::vector<store::EventRow> page, runs.events(record.id, after, kPage));
    for (store::EventRow& row : page) {
      head = chained ? store::chain_next(head, row) : row.hash;
      if (chained && (row.seq != after + 1 || row.hash != head ||
                      (row.seq == record.seq && row.hash != record.head))) {
        return fail(damaged(record, fmt::format("event {} does not match its hash", row.seq)));
      }
      after = row.seq;
      all.push_back(std::move(row));
    }
    if (page.size() < kPage) {
      break;
    }
  }
  if (chained && after < record.seq) {
    return fail(damaged(record, fmt::format("the events after {} are missing", after)));
  }
  return all;
}

/// The turn that makes a run nobody's, until `wake_at`; without one until somebody asks for it.
store::Turn letting_go(const store::RunRecord& record, std::optional<WallTime> wake_at) {
  store::Turn turn;
  turn.run_id = record.id;
  turn.epoch = record.epoch;
  turn.seq = record.seq;
  turn.head = record.head;
  turn.lets_go = true;
  turn.wake_at = wake_at;
  return turn;
}

/// When a run that could not be taken up is tried again: what is damaged, not by itself.
std::optional<WallTime> try_again(const Error& error, WallTime now) {
  constexpr Millis kLater{10'000};
  const bool passes = error.code() == Code::kUnavailable ||
                      error.code() == Code::kResourceExhausted || error.code() == Code::kCancelled;
  return passes ? std::optional(now + kLater) : std::nullopt;
}

void note(const std::string& run_id, const Error& error) {
  log::error("workflow", "a run cannot be taken up",
             {{"run", run_id}, {"error", error.to_string()}});
}

}  // namespace

Result<Engine::Body::Loaded> Engine::Body::load(store::RunRepository& runs, store::RunRecord record,
                                                bool whole) {
  Loaded loaded;
  if (!whole) {
    OAP_TRY(loaded.snapshot, runs.snapshot(record.id));
  }
  OAP_TRY(loaded.events, read_events(runs, record, loaded.snapshot ? loaded.snapshot->seq : 0));
  OAP_TRY(loaded.orders, runs.orders_of(record.id));
  OAP_TRY(loaded.definitions[record.definition_hash], runs.definition(record.definition_hash));
  loaded.record = std::move(record);
  return loaded;
}

Result<Engine::Body::Loaded> Engine::Body::load_claimed(store::RunRepository& runs,
                                                        store::RunRecord record, WallTime now) {
  Result<Loaded> loaded = load(runs, record);
  if (!loaded) {
    note(record.id, loaded.error());
    (void)runs.commit_one(letting_go(record, try_again(loaded.error(), now)));
    return loaded;
  }
  set_floor(*loaded, now);
  return loaded;
}

void Engine::Body::give_up(const store::RunRecord& record, std::optional<WallTime> wake_at) {
  journal_->commit(letting_go(record, wake_at), [](const Result<store::TurnDone>&) {});
}

Result<std::shared_ptr<LiveRun>> Engine::Body::replay(const Loaded& loaded,
                                                      std::shared_ptr<const Plan> plan) {
  const store::RunRecord& record = loaded.record;
  auto run = std::make_shared<LiveRun>(
      *this, Identity{record.id, record.task_id, record.session_id, record.user}, std::move(plan),
      Machine::Options{.infrastructure_retries = options_.infrastructure_retries});
  run->epoch = record.epoch;
  run->seq = record.seq;
  run->head = record.head;
  if (loaded.snapshot) {
    OAP_CHECK_OK(run->machine.restore(*loaded.snapshot));
  }
  for (const store::EventRow& row : loaded.events) {
    OAP_CHECK_OK(run->machine.replay(row));
  }
  return run;
}

/// A run's state from what was read of it.
Result<std::shared_ptr<LiveRun>> Engine::Body::revive(Loaded& loaded) {
  const store::RunRecord& record = loaded.record;
  OAP_TRY(const std::shared_ptr<const Plan> plan,
          compile(record.definition_hash, loaded.definitions[record.definition_hash]));
  Result<std::shared_ptr<LiveRun>> replayed = replay(loaded, plan);
  if (!replayed && loaded.snapshot) {  // it only saves time: the journal is the truth
    loaded.snapshot.reset();
    OAP_TRY(loaded.events, read_events(store_, record, 0));
    replayed = replay(loaded, plan);
  }
  if (!replayed) {
    return fail(std::move(replayed).error());
  }
  const std::shared_ptr<LiveRun> run = *std::move(replayed);
  if (const json::Object* names = json::find_object(run->machine.state().started, "definitions")) {
    for (const auto& member : *names) {
      const std::string hash(member.value().is_string() ? json::view(member.value().get_string())
                                                        : std::string_view{});
      std::string text;
      if (!plans_.contains(hash)) {
        OAP_TRY(text, store_.definition(hash));
      }
      OAP_TRY(run->subworkflows[member.key()], compile(hash, text));
    }
  }
  const Definition& definition = plan->blueprint().definition();
  if (definition.concurrency && !definition.concurrency->group.empty()) {
    RunScope scope(run->machine.state(), run->machine.identity(), *run, kNoNode);
    OAP_TRY(const Rendered group, plan->blueprint().concurrency_group().render(scope));
    if (group.data.is_string()) {
      run->group = json::view(group.data.get_string());
      run->gated = true;
    }
  }
  return run;
}

/// A claimed run goes on here.
Result<void> Engine::Body::take_up(Loaded loaded) {
  const std::string id = loaded.record.id;
  const auto entry = loading_.find(id);
  const bool again = entry != loading_.end() && entry->second;
  loading_.erase(id);
  parked_.erase(id);
  if (closing_) {
    give_up(loaded.record, WallTime{});
    return fail(Code::kCancelled, "the engine is closing; run {} can be resumed", id);
  }
  auto revived = revive(loaded);
  if (!revived) {
    const Error error = Error(revived.error()).with_context("run " + id);
    note(id, error);
    give_up(loaded.record, try_again(error, clock_.wall()));
    answer(id, fail(error));
    return fail(error);
  }
  const std::shared_ptr<LiveRun> run = *revived;
  live_[id] = run;
  abandoned_.erase(id);
  run->now_floor = loaded.floor.value_or(WallTime{});
  run->machine.recover(owner_.text(), std::max(now(), run->now_floor));
  for (store::Order& order : loaded.orders) {
    deliver(std::move(order));
  }
  if (run->gated) {
    gate(run);
  }
  if (again) {
    journal_->call(
        [weak = weak_from_this(), id](store::RunRepository& runs) -> JournalThread::Answer {
          auto orders = runs.orders_of(id);
          if (!orders) {
            return {};
          }
          return [weak, list = *std::move(orders)] {
            const auto body = weak.lock();
            for (const store::Order& order : list) {
              if (body && !body->gone_) {
                body->deliver(order);
              }
            }
          };
        });
  }
  mark(run);
  return {};
}

/// A run that this engine let sleep, or a child: claims it if nobody else has.
void Engine::Body::wake(const std::string& id, bool due) {
  if (gone_ || closing_ || live_.contains(id) || loading_.contains(id)) {
    return;
  }
  loading_[id] = false;
  store::Claim claim = claim_now();
  journal_->call([weak = weak_from_this(), claim, id,
                  due](store::RunRepository& runs) mutable -> JournalThread::Answer {
    auto record = claim_other(runs, id, claim, false);
    if (record && due && record->wake_at) {
      claim.now = std::max(claim.now, *record->wake_at);
    }
    auto loaded = record ? load_claimed(runs, *std::move(record), claim.now)
                         : Result<Loaded>(fail(record.error()));
    return [weak, id, loaded = std::move(loaded)]() mutable {
      const auto body = weak.lock();
      if (!body || body->gone_) {
        return;
      }
      if (loaded) {
        (void)body->take_up(*std::move(loaded));
        return;
      }
      body->loading_.erase(id);
      const Error& error = loaded.error();
      if (body->parked_.contains(id) && try_again(error, WallTime{})) {
        constexpr Millis kAgain{1'000};
        body->due_.push({body->clock_.steady() + kAgain, id, kNoNode, 0, 0});
        return;
      }
      body->parked_.erase(id);  // who waits for it is told when it has ended
      if (error.code() == Code::kDataLoss) {
        body->answer(id, fail(error));
      }
    };
  });
}

Task<Result<std::string>> Engine::Body::resume(std::string run_id) {
  if (closing_) {
    co_return fail(Code::kFailedPrecondition, "the engine is closing");
  }
  while (loading_.contains(run_id)) {
    constexpr Millis kStep{1};
    OAP_CO_CHECK_OK(co_await async::sleep_for(kStep));
  }
  if (live_.contains(run_id)) {
    co_return run_id;
  }
  loading_[run_id] = false;
  const bool may_be_ours = abandoned_.contains(run_id);
  store::Claim claim = claim_now();
  std::function<Result<Loaded>(store::RunRepository&)> question =
      [claim, run_id, may_be_ours](store::RunRepository& runs) mutable -> Result<Loaded> {
    OAP_TRY(store::RunRecord record, claim_other(runs, run_id, claim, may_be_ours));
    return load_claimed(runs, std::move(record), claim.now);
  };
  Result<Loaded> loaded = co_await ask<Result<Loaded>>(std::move(question));
  if (!loaded) {
    loading_.erase(run_id);
    co_return fail(std::move(loaded).error());
  }
  if (live_.contains(run_id)) {
    co_return run_id;
  }
  const Result<void> taken = take_up(*std::move(loaded));
  OAP_CO_CHECK_OK(taken);
  co_return run_id;
}

}  // namespace oap::workflow
