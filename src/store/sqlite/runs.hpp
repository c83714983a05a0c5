#pragma once

#include "store/run_repository.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// Workflow runs in SQLite.
class Runs final : public RunRepository {
 public:
  Runs(Database& database, std::string tenant) : database_(database), tenant_(std::move(tenant)) {}

  Written write(std::span<const NewRun> runs, std::span<const Turn> turns) override;
  Result<RunRecord> claim(const std::string& run_id, const Claim& claim) override;
  Result<std::vector<RunRecord>> claim_all(const Claim& claim) override;
  Result<void> renew(const std::string& owner, WallTime until) override;
  Result<void> forget(const std::string& owner) override;
  Result<std::vector<OwnerRecord>> owners() override;
  Result<std::vector<std::string>> due(WallTime now) override;
  Result<void> post(const Order& order) override;
  Result<std::vector<Order>> orders(const std::string& owner) override;
  Result<std::vector<Order>> orders_of(const std::string& run_id) override;
  Result<std::int64_t> changes() override;
  Result<RunRecord> find(const std::string& run_id) override;
  Result<std::string> resolve(const std::string& prefix) override;
  Result<std::vector<RunRecord>> list(const RunFilter& filter) override;
  Result<std::vector<EventRow>> events(const std::string& run_id, std::int64_t after,
                                       std::size_t limit) override;
  Result<std::optional<Snapshot>> snapshot(const std::string& run_id) override;
  Result<std::string> definition(const std::string& hash) override;
  Result<std::string> blob(const std::string& hash) override;
  Result<std::optional<std::string>> memo(const std::string& key) override;
  Result<GroupHolder> take_group(const std::string& name, const std::string& run_id,
                                 const std::string& step) override;
  Result<ChainReport> verify(const std::string& run_id) override;
  Result<Purged> purge(WallTime before) override;

 private:
  // All of these: the caller holds the mutex and, where they write, a transaction.
  Result<Written> write_all(std::span<const NewRun> runs, std::span<const Turn> turns);
  Result<TurnDone> insert(const NewRun& run);
  Result<TurnDone> apply(const Turn& turn);
  Result<bool> move_row(const Turn& turn, const TurnDone& done);
  Result<void> append_event(const std::string& run_id, const EventRow& event);
  Result<void> put_definition(const HashedText& definition);
  Result<void> put_blobs(const std::string& run_id, const std::vector<HashedText>& blobs);
  Result<void> put_rest(const Turn& turn);
  Result<void> put_order(const Order& order);
  Result<void> wake(const std::string& run_id);
  Error refusal(const Turn& turn);
  /// What of the run's row and of what its journal names disagrees with the journal's first and
  /// last event, for a person; "" where nothing does. Takes the mutex itself.
  Result<std::string> disagreement(const RunRecord& run, const EventRow& first,
                                   const EventRow& last);
  Result<std::vector<std::string>> blobs_of(const std::string& run_id);
  Result<RunRecord> find_locked(const std::string& run_id);
  Result<void> begin_claim(const Claim& claim);
  /// Runs a statement to its end.
  template <class... Values>
  Result<std::int64_t> execute(std::string_view sql, const Values&... values) {
    OAP_TRY(Statement statement, database_.prepare(sql));
    statement.bind_borrowed(values...);
    return statement.run();
  }
  Result<std::optional<std::string>> text_of(std::string_view sql, const std::string& key);

  Database& database_;
  std::string tenant_;
};

}  // namespace oap::store::sqlite
