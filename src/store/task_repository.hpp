#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "model/task.hpp"

namespace oap::store {

/// One order given to the platform and what became of it.
struct TaskRecord {
  std::string id;  ///< task_…
  std::string session_id;
  std::string description;
  TaskStatus status = TaskStatus::kPending;
  std::optional<ExecutionPath> path;
  json::Value plan;    ///< null until there is one
  json::Value result;  ///< null until the task ended
  std::string error;
  WallTime created_at;
  WallTime updated_at;
  std::optional<WallTime> ended_at;
};

/// What changes in a task; what is not set stays.
struct TaskUpdate {
  TaskStatus status = TaskStatus::kPending;
  std::optional<ExecutionPath> path;
  std::optional<json::Value> plan;
  std::optional<json::Value> result;
  std::optional<std::string> error;
  WallTime updated_at;
};

struct TaskFilter {
  std::string session_id;  ///< empty: any
  std::optional<TaskStatus> status;
  std::size_t limit = 100;
};

/// The status of this name; nothing where there is none.
std::optional<TaskStatus> task_status_from(std::string_view name);

/// Tasks of one tenant. Synchronous and thread-safe; each call is one transaction.
class TaskRepository {
 public:
  virtual ~TaskRepository() = default;
  virtual Result<void> create(const TaskRecord& task) = 0;
  /// kFailedPrecondition where the task has ended with another status: an end is final.
  virtual Result<void> update(const std::string& id, const TaskUpdate& update) = 0;
  virtual Result<TaskRecord> find(const std::string& id) = 0;
  /// The full id that a unique prefix (with or without "task_") stands for.
  virtual Result<std::string> resolve(const std::string& prefix) = 0;
  /// Newest first.
  virtual Result<std::vector<TaskRecord>> list(const TaskFilter& filter) = 0;
};

}  // namespace oap::store
