#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "store/run_repository.hpp"

namespace oap::workflow::testing {

/// A repository that passes everything on, until it fails from a given write on. Thread-safe as
/// the other.
class FaultyRuns final : public store::RunRepository {
 public:
  explicit FaultyRuns(store::RunRepository& inner) : inner_(inner) {}

  /// After so many turns and new runs that were written, nothing is: what a killed engine leaves.
  void die_after(int writes) { left_ = writes; }
  /// The same, and it says that the disk is full.
  void fill_after(int writes) { left_ = writes; }
  bool is_dead() const { return left_ == 0; }
  /// It writes again.
  void recover() { left_ = -1; }
  std::atomic<int> written{0};
  /// Changes what is read; on whatever thread reads.
  std::function<void(const std::string& run_id, store::EventRow&)> tamper;

  store::Written write(std::span<const store::NewRun> runs,
                       std::span<const store::Turn> turns) override {
    store::Written all;
    for (const store::NewRun& run : runs) {
      all.runs.push_back(may_write() ? inner_.create_one(run) : full());
    }
    for (const store::Turn& turn : turns) {
      all.turns.push_back(may_write() ? inner_.commit_one(turn) : full());
    }
    return all;
  }
  Result<store::RunRecord> claim(const std::string& id, const store::Claim& claim) override {
    return inner_.claim(id, claim);
  }
  Result<std::vector<store::RunRecord>> claim_all(const store::Claim& claim) override {
    return inner_.claim_all(claim);
  }
  Result<void> renew(const std::string& owner, WallTime until) override {
    return inner_.renew(owner, until);
  }
  Result<void> forget(const std::string& owner) override { return inner_.forget(owner); }
  Result<std::vector<store::OwnerRecord>> owners() override { return inner_.owners(); }
  Result<std::vector<std::string>> due(WallTime now) override { return inner_.due(now); }
  Result<void> post(const store::Order& order) override {
    return left_ == 0 ? Result<void>(fail(full_error())) : inner_.post(order);
  }
  Result<std::vector<store::Order>> orders(const std::string& owner) override {
    return inner_.orders(owner);
  }
  Result<std::vector<store::Order>> orders_of(const std::string& id) override {
    return inner_.orders_of(id);
  }
  Result<std::int64_t> changes() override { return inner_.changes(); }
  Result<store::RunRecord> find(const std::string& id) override { return inner_.find(id); }
  Result<std::string> resolve(const std::string& prefix) override { return inner_.resolve(prefix); }
  Result<std::vector<store::RunRecord>> list(const store::RunFilter& filter) override {
    return inner_.list(filter);
  }
  Result<std::vector<store::EventRow>> events(const std::string& id, std::int64_t after,
                                              std::size_t limit) override {
    auto rows = inner_.events(id, after, limit);
    if (rows && tamper) {
      for (store::EventRow& row : *rows) {
        tamper(id, row);
      }
    }
    return rows;
  }
  Result<std::optional<store::Snapshot>> snapshot(const std::string& id) override {
    return inner_.snapshot(id);
  }
  Result<std::string> definition(const std::string& hash) override {
    return inner_.definition(hash);
  }
  Result<std::string> blob(const std::string& hash) override { return inner_.blob(hash); }
  Result<std::optional<std::string>> memo(const std::string& key) override {
    return inner_.memo(key);
  }
  Result<store::GroupHolder> take_group(const std::string& name, const std::string& id,
                                        const std::string& step) override {
    return inner_.take_group(name, id, step);
  }
  Result<store::ChainReport> verify(const std::string& id) override { return inner_.verify(id); }
  Result<store::Purged> purge(WallTime before) override { return inner_.purge(before); }

 private:
  bool may_write() {
    if (left_ == 0) {
      return false;
    }
    left_ -= left_ > 0 ? 1 : 0;
    ++written;
    return true;
  }
  static Error full_error() { return {Code::kResourceExhausted, "no space left on the disk"}; }
  static Result<store::TurnDone> full() { return fail(full_error()); }

  store::RunRepository& inner_;
  std::atomic<int> left_{-1};
};

}  // namespace oap::workflow::testing
