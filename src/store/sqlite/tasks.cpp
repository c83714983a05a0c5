#include "store/sqlite/tasks.hpp"

#include "store/sqlite/rows.hpp"

#define OAP_TASK_COLUMNS                                                                    \
  "id, session_id, description, status, path, plan, result, error, created_at, updated_at," \
  " ended_at"

namespace oap::store::sqlite {
namespace {

constexpr PrefixQuery kPrefix = {
    "task", "task_",
    "SELECT id FROM task WHERE tenant_id=?1 AND id>=?2 AND id<?3 ORDER BY id LIMIT 4"};

bool has_ended(TaskStatus status) {
  return status == TaskStatus::kCompleted || status == TaskStatus::kFailed;
}

std::optional<std::string_view> path_name(std::optional<ExecutionPath> path) {
  return path ? std::optional(to_string(*path)) : std::nullopt;
}

Result<TaskRecord> read(const Database& database, const Statement& row) {
  TaskRecord task;
  task.id = row.string(0);
  task.session_id = row.string(1);
  task.description = row.string(2);
  const auto status = task_status_from(row.text(3));
  if (!status) {
    return fail(damaged_row(database, fmt::format("task status '{}'", row.text(3))));
  }
  task.status = *status;
  if (!row.is_null(4)) {
    task.path = row.text(4) == to_string(ExecutionPath::kFast) ? ExecutionPath::kFast
                                                               : ExecutionPath::kAgent;
  }
  OAP_TRY(task.plan, json_column(database, row, 5));
  OAP_TRY(task.result, json_column(database, row, 6));
  task.error = row.string(7);
  task.created_at = row.time(8);
  task.updated_at = row.time(9);
  task.ended_at = row.maybe_time(10);
  return task;
}

}  // namespace

Result<void> Tasks::create(const TaskRecord& task) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement, database_.prepare("INSERT INTO task (tenant_id, " OAP_TASK_COLUMNS
                                                 ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"));
  const WallTime created = or_now(task.created_at);
  const WallTime updated = task.updated_at == WallTime{} ? created : task.updated_at;
  statement.bind(tenant_, task.id, task.session_id, task.description, to_string(task.status),
                 path_name(task.path), json_text(task.plan), json_text(task.result), task.error,
                 created, updated, task.ended_at);
  auto changed = statement.run();
  if (changed) {
    return {};
  }
  if (changed.error().code() == Code::kNotFound) {
    return fail(Code::kNotFound, "no session {} for task {}", task.session_id, task.id);
  }
  return fail(std::move(changed).error());
}

Result<void> Tasks::update(const std::string& id, const TaskUpdate& update) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE task SET status=?3, path=coalesce(?4,path),"
                            " plan=coalesce(?5,plan), result=coalesce(?6,result),"
                            " error=coalesce(?7,error), updated_at=?8,"
                            " ended_at=CASE WHEN ?9 THEN coalesce(ended_at,?8) END"
                            " WHERE tenant_id=?1 AND id=?2"
                            " AND (status=?3 OR status NOT IN ('completed','failed'))"));
  const auto plan = update.plan ? json_text(*update.plan) : std::nullopt;
  const auto result = update.result ? json_text(*update.result) : std::nullopt;
  statement.bind(tenant_, id, to_string(update.status), path_name(update.path), plan, result,
                 update.error, or_now(update.updated_at), has_ended(update.status));
  OAP_TRY(const std::int64_t changed, statement.run());
  if (changed == 0) {
    OAP_TRY(const TaskRecord task, find_locked(id));
    return fail(Code::kFailedPrecondition, "task {} has ended as {}; it cannot become {}", id,
                to_string(task.status), to_string(update.status));
  }
  return {};
}

Result<TaskRecord> Tasks::find_locked(const std::string& id) {
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_TASK_COLUMNS " FROM task WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, id);
  return row_of(statement, database_, read, "task", id);
}

Result<TaskRecord> Tasks::find(const std::string& id) {
  const MutexLock lock(database_.mutex());
  return find_locked(id);
}

Result<std::string> Tasks::resolve(const std::string& prefix) {
  const MutexLock lock(database_.mutex());
  return resolve_prefix(database_, tenant_, kPrefix, prefix);
}

Result<std::vector<TaskRecord>> Tasks::list(const TaskFilter& filter) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_TASK_COLUMNS
                            " FROM task WHERE tenant_id=?1 AND (?2='' OR session_id=?2)"
                            " AND (?3 IS NULL OR status=?3) ORDER BY id DESC LIMIT ?4"));
  const auto status = filter.status ? std::optional(to_string(*filter.status)) : std::nullopt;
  statement.bind(tenant_, filter.session_id, status, filter.limit);
  return rows_of(statement, [this](const Statement& row) { return read(database_, row); });
}

}  // namespace oap::store::sqlite
