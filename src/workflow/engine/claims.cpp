#include <algorithm>

#include "async/sleep.hpp"
#include "workflow/engine/body.hpp"

namespace oap::workflow {

store::Claim Engine::Body::claim_now() const {
  store::Claim claim;
  claim.owner = owner_.text();
  claim.now = clock_.wall();
  return claim;
}

namespace {

/// Owners on this machine that are dead, whatever their leases say.
Result<void> name_the_dead(store::RunRepository& runs, store::Claim& claim) {
  OAP_TRY(const std::vector<store::OwnerRecord> owners, runs.owners());
  for (const store::OwnerRecord& owner : owners) {
    if (!is_alive(owner.name)) {
      claim.dead.push_back(owner.name);
    }
  }
  return {};
}

}  // namespace

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

Result<Engine::Body::Loaded> Engine::Body::load(store::RunRepository& runs,
                                                store::RunRecord record) {
  constexpr std::size_t kPage = 10'000;
  Loaded loaded;
  OAP_TRY(loaded.snapshot, runs.snapshot(record.id));
  std::int64_t after = loaded.snapshot ? loaded.snapshot->seq : 0;
  while (true) {
    OAP_TRY(std::vector<store::EventRow> page, runs.events(record.id, after, kPage));
    const bool last = page.size() < kPage;
    after = page.empty() ? after : page.back().seq;
    std::move(page.begin(), page.end(), std::back_inserter(loaded.events));
    if (last) {
      break;
    }
  }
  OAP_TRY(loaded.orders, runs.orders_of(record.id));
  OAP_TRY(loaded.definitions[record.definition_hash], runs.definition(record.definition_hash));
  loaded.record = std::move(record);
  return loaded;
}

/// A run's state from what was read of it.
Result<std::shared_ptr<LiveRun>> Engine::Body::revive(Loaded& loaded) {
  const store::RunRecord& record = loaded.record;
  OAP_TRY(const std::shared_ptr<const Plan> plan,
          compile(record.definition_hash, loaded.definitions[record.definition_hash]));
  auto run = std::make_shared<LiveRun>(
      *this, Identity{record.id, record.task_id, record.session_id, record.user}, plan,
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
void Engine::Body::take_up(Loaded loaded) {
  const std::string id = loaded.record.id;
  const auto entry = loading_.find(id);
  const bool again = entry != loading_.end() && entry->second;
  loading_.erase(id);
  parked_.erase(id);
  auto revived = revive(loaded);
  if (!revived) {
    answer(id, fail(Error(revived.error()).with_context("run " + id)));
    return;
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
    auto loaded = record ? load(runs, *std::move(record)) : Result<Loaded>(fail(record.error()));
    if (loaded) {
      set_floor(*loaded, claim.now);
    }
    return [weak, id, loaded = std::move(loaded)]() mutable {
      const auto body = weak.lock();
      if (!body || body->gone_) {
        return;
      }
      if (loaded) {
        body->take_up(*std::move(loaded));
        return;
      }
      body->loading_.erase(id);
      body->parked_.erase(id);  // who waits for it is told when it has ended
    };
  });
}

Task<Result<std::string>> Engine::Body::resume(std::string run_id) {
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
    OAP_TRY(Loaded loaded, load(runs, std::move(record)));
    set_floor(loaded, claim.now);
    return loaded;
  };
  Result<Loaded> loaded = co_await ask<Result<Loaded>>(std::move(question));
  if (!loaded) {
    loading_.erase(run_id);
    co_return fail(std::move(loaded).error());
  }
  if (live_.contains(run_id)) {
    co_return run_id;
  }
  take_up(*std::move(loaded));
  if (!live_.contains(run_id)) {
    co_return fail(Code::kDataLoss, "run {} cannot be read back from its journal", run_id);
  }
  co_return run_id;
}

Task<Result<std::vector<std::string>>> Engine::Body::resume_all() {
  using Many = std::vector<Loaded>;
  constexpr std::size_t kAtOnce = 1'000;
  std::vector<std::string> ids;
  while (true) {
    store::Claim claim = claim_now();
    claim.limit = kAtOnce;
    std::function<Result<Many>(store::RunRepository&)> question =
        [claim](store::RunRepository& runs) mutable -> Result<Many> {
      OAP_CHECK_OK(name_the_dead(runs, claim));
      OAP_TRY(std::vector<store::RunRecord> records, runs.claim_all(claim));
      Many many;
      for (store::RunRecord& record : records) {
        OAP_TRY(Loaded loaded, load(runs, std::move(record)));
        set_floor(loaded, claim.now);
        many.push_back(std::move(loaded));
      }
      return many;
    };
    Result<Many> many = co_await ask<Result<Many>>(std::move(question));
    if (!many) {
      co_return fail(std::move(many).error());
    }
    const std::size_t count = many->size();
    for (Loaded& loaded : *many) {
      ids.push_back(loaded.record.id);
      take_up(std::move(loaded));
    }
    if (count < kAtOnce) {
      break;
    }
  }
  co_return ids;
}

/// What a host of all runs does from time to time: due, signalled and abandoned runs.
void Engine::Body::look_around() {
  if (closing_) {
    return;
  }
  store::Claim claim = claim_now();
  journal_->call([weak = weak_from_this(),
                  claim](store::RunRepository& runs) mutable -> JournalThread::Answer {
    (void)name_the_dead(runs, claim);
    auto records = runs.claim_all(claim);
    if (!records || records->empty()) {
      return {};
    }
    std::vector<Loaded> many;
    for (store::RunRecord& record : *records) {
      auto loaded = load(runs, std::move(record));
      if (loaded) {
        set_floor(*loaded, claim.now);
        many.push_back(*std::move(loaded));
      }
    }
    return [weak, many = std::move(many)]() mutable {
      const auto body = weak.lock();
      for (Loaded& loaded : many) {
        if (body && !body->gone_) {
          body->take_up(std::move(loaded));
        }
      }
    };
  });
}

}  // namespace oap::workflow
