#include "store/store.hpp"

#include "store/check.hpp"
#include "store/sqlite/approvals.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/missions.hpp"
#include "store/sqlite/runs.hpp"
#include "store/sqlite/sessions.hpp"
#include "store/sqlite/tasks.hpp"

namespace oap::store {
namespace sqlite {
namespace {

class SqliteStore final : public Store {
 public:
  /// The connection is shared by the stores of all its tenants.
  SqliteStore(std::shared_ptr<Database> database, const std::string& tenant)
      : database_(std::move(database)),
        sessions_(*database_, tenant),
        messages_(*database_, tenant),
        tasks_(*database_, tenant),
        runs_(*database_, tenant),
        approvals_(*database_, tenant),
        missions_(*database_, tenant) {}

  SessionRepository& sessions() override { return sessions_; }
  MessageRepository& messages() override { return messages_; }
  TaskRepository& tasks() override { return tasks_; }
  RunRepository& runs() override { return runs_; }
  ApprovalRepository& approvals() override { return approvals_; }
  MissionRepository& missions() override { return missions_; }
  std::unique_ptr<Store> for_tenant(std::string tenant) override {
    return std::make_unique<SqliteStore>(database_, tenant);
  }

 private:
  std::shared_ptr<Database> database_;
  Sessions sessions_;
  Messages messages_;
  Tasks tasks_;
  Runs runs_;
  Approvals approvals_;
  Missions missions_;
};

}  // namespace
}  // namespace sqlite

Result<void> check(const std::string& path) { return sqlite::Database::check(path); }

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  OAP_TRY(std::unique_ptr<sqlite::Database> database, sqlite::Database::open(path));
  return std::make_unique<sqlite::SqliteStore>(std::move(database), std::string(kDefaultTenant));
}

}  // namespace oap::store
