// Taking up all runs that nobody has.
#include <algorithm>

#include "workflow/engine/body.hpp"

namespace oap::workflow {

Task<Result<std::vector<std::string>>> Engine::Body::resume_all() {
  struct Many {
    std::size_t claimed = 0;
    std::vector<Loaded> loaded;
  };
  constexpr std::size_t kAtOnce = 1'000;
  if (closing_) {
    co_return fail(Code::kFailedPrecondition, "the engine is closing");
  }
  std::vector<std::string> ids;
  std::vector<std::string> parents;
  while (true) {
    store::Claim claim = claim_now();
    claim.limit = kAtOnce;
    std::function<Result<Many>(store::RunRepository&)> question =
        [claim](store::RunRepository& runs) mutable -> Result<Many> {
      OAP_CHECK_OK(name_the_dead(runs, claim));
      OAP_TRY(std::vector<store::RunRecord> records, runs.claim_all(claim));
      Many many{records.size(), {}};
      for (store::RunRecord& record : records) {
        if (auto loaded = load_claimed(runs, std::move(record), claim.now)) {
          many.loaded.push_back(*std::move(loaded));
        }
      }
      return many;
    };
    Result<Many> many = co_await ask<Result<Many>>(std::move(question));
    if (!many) {
      co_return fail(std::move(many).error());
    }
    for (Loaded& loaded : many->loaded) {
      std::string id = loaded.record.id;
      std::string parent = loaded.record.parent_run;
      if (take_up(std::move(loaded))) {
        ids.push_back(std::move(id));
        parents.push_back(std::move(parent));
      }
    }
    if (many->claimed < kAtOnce) {
      break;
    }
  }
  OAP_CO_TRY(const std::vector<std::string> sleeping, co_await asleep(clock_.wall()));
  for (const std::string& id : sleeping) {
    parents.push_back(id);
  }
  for (std::string& parent : parents) {
    const std::vector<std::string> above = co_await take_up_above(std::move(parent));
    ids.insert(ids.end(), above.begin(), above.end());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  co_return ids;
}

/// Runs that nobody has and that wait for a time.
Task<Result<std::vector<std::string>>> Engine::Body::asleep(WallTime now) {
  using Ids = std::vector<std::string>;
  std::function<Result<Ids>(store::RunRepository&)> question =
      [now](store::RunRepository& runs) -> Result<Ids> {
    Ids ids;
    store::RunFilter filter;
    filter.open_only = true;
    filter.limit = 1'000;
    while (true) {
      OAP_TRY(const std::vector<store::RunRecord> page, runs.list(filter));
      for (const store::RunRecord& run : page) {
        if (run.owner.empty() && run.wake_at && *run.wake_at > now) {
          ids.push_back(run.id);
        }
      }
      if (page.size() < filter.limit) {
        return ids;
      }
      filter.before = page.back().id;
    }
  };
  co_return co_await ask<Result<Ids>>(std::move(question));
}

/// The run and those above it, which sleep until it has ended, as far as nobody has them.
Task<std::vector<std::string>> Engine::Body::take_up_above(std::string id) {
  std::vector<std::string> ids;
  while (!id.empty() && !live_.contains(id) && !parked_.contains(id)) {
    std::function<Result<store::RunRecord>(store::RunRepository&)> question =
        [id](store::RunRepository& runs) { return runs.find(id); };
    const auto record = co_await ask<Result<store::RunRecord>>(std::move(question));
    if (!record || store::is_end(record->state)) {
      break;
    }
    const auto taken = co_await resume(id);
    if (!taken) {
      break;  // somebody else has it, or it cannot be read: that was logged
    }
    ids.push_back(std::move(id));
    id = record->parent_run;
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
      if (auto loaded = load_claimed(runs, std::move(record), claim.now)) {
        many.push_back(*std::move(loaded));
      }
    }
    return [weak, many = std::move(many)]() mutable {
      const auto body = weak.lock();
      for (Loaded& loaded : many) {
        if (body && !body->gone_) {
          (void)body->take_up(std::move(loaded));
        }
      }
    };
  });
}

}  // namespace oap::workflow
