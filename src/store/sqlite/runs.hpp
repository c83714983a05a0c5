#pragma once

#include "store/run_repository.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// Workflow runs in SQLite.
class Runs final : public RunRepository {
 public:
  Runs(Database& database, std::string tenant) : database_(database), tenant_(std::move(tenant)) {}

  Result<void> create(const RunRecord& run, const json::Value& definition,
                      const std::vector<StepRecord>& steps) override;
  Result<std::int64_t> acquire(const std::string& run_id, const Lease& lease) override;
  std::vector<Result<RunCommit>> commit(std::span<const RunWrite> writes) override;
  Result<RunRecord> find(const std::string& run_id) override;
  Result<StepHistory> history(const std::string& run_id) override;
  Result<std::vector<RunRecord>> list(const RunFilter& filter) override;

 private:
  Result<RunRecord> find_locked(const std::string& run_id);
  Result<void> insert_run(const RunRecord& run);
  Result<void> insert_step(const std::string& run_id, std::size_t position, const StepRecord& step);
  Result<RunCommit> apply(const RunWrite& write);
  Result<void> check_epoch(const RunWrite& write);
  Result<void> start_step(const RunWrite& write, const StepWrite& step);
  Result<void> move_step(const RunWrite& write, const StepWrite& step);
  Result<void> end_attempt(const RunWrite& write, const StepWrite& step);
  Result<bool> count_down(const RunWrite& write, const std::string& successor);
  Result<void> update_run(const RunWrite& write);
  Error illegal(const RunWrite& write, const StepWrite& step);

  Database& database_;
  std::string tenant_;
};

}  // namespace oap::store::sqlite
