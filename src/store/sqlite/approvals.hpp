#pragma once

#include "store/approval_repository.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// Approvals in SQLite.
class Approvals final : public ApprovalRepository {
 public:
  Approvals(Database& database, std::string tenant)
      : database_(database), tenant_(std::move(tenant)) {}

  Result<void> create(const ApprovalRecord& approval) override;
  Result<ApprovalRecord> decide(const std::string& id, const ApprovalVerdict& verdict) override;
  Result<ApprovalRecord> close(const std::string& id, ApprovalState state, WallTime at) override;
  Result<ApprovalRecord> find(const std::string& id) override;
  Result<std::string> resolve(const std::string& prefix) override;
  Result<std::vector<ApprovalRecord>> list(const ApprovalFilter& filter) override;

 private:
  Result<ApprovalRecord> find_locked(const std::string& id);

  Database& database_;
  std::string tenant_;
};

}  // namespace oap::store::sqlite
