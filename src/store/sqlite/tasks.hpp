#pragma once

#include "store/sqlite/database.hpp"
#include "store/task_repository.hpp"

namespace oap::store::sqlite {

/// Tasks in SQLite.
class Tasks final : public TaskRepository {
 public:
  Tasks(Database& database, std::string tenant) : database_(database), tenant_(std::move(tenant)) {}

  Result<void> create(const TaskRecord& task) override;
  Result<void> update(const std::string& id, const TaskUpdate& update) override;
  Result<TaskRecord> find(const std::string& id) override;
  Result<std::string> resolve(const std::string& prefix) override;
  Result<std::vector<TaskRecord>> list(const TaskFilter& filter) override;

 private:
  Result<TaskRecord> find_locked(const std::string& id);

  Database& database_;
  std::string tenant_;
};

}  // namespace oap::store::sqlite
