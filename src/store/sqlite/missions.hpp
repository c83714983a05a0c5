#pragma once

#include "store/mission_repository.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// Missions in SQLite.
class Missions final : public MissionRepository {
 public:
  Missions(Database& database, std::string tenant)
      : database_(database), tenant_(std::move(tenant)) {}

  Result<void> create(const MissionRecord& mission,
                      const std::vector<MissionEventRow>& events) override;
  Result<std::int64_t> write(const MissionWrite& write) override;
  Result<MissionRecord> claim(const std::string& id, const MissionClaim& claim) override;
  Result<void> renew(const std::string& id, std::int64_t epoch, WallTime until) override;
  Result<MissionRecord> find(const std::string& id) override;
  Result<std::string> resolve(const std::string& prefix) override;
  Result<std::vector<MissionRecord>> list(const MissionFilter& filter) override;
  Result<std::vector<MissionEventRow>> events(const std::string& id, std::int64_t after,
                                              std::size_t limit, const std::string& kind) override;
  Result<void> post(const MissionOrder& order) override;
  Result<std::vector<MissionOrder>> orders(const std::string& id) override;

 private:
  // All of these: the caller holds the mutex.
  Result<MissionRecord> find_locked(const std::string& id);
  Result<void> append(const std::string& id, std::int64_t seq, WallTime at,
                      const MissionEventRow& event);
  Result<void> move_row(const MissionWrite& write, std::int64_t seq);

  Database& database_;
  std::string tenant_;
};

}  // namespace oap::store::sqlite
