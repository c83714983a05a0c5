#include "store/sqlite/rows.hpp"
#include "store/sqlite/runs.hpp"

#define OAP_RUN_COLUMNS                                                                       \
  "id, task_id, session_id, name, definition_hash, state, epoch, owner, lease_until, inputs," \
  " outputs, error, created_at, started_at, ended_at"

namespace oap::store::sqlite {
namespace {

Result<RunRecord> read_run(const Database& database, const Statement& row) {
  RunRecord run;
  run.id = row.string(0);
  run.task_id = row.string(1);
  run.session_id = row.string(2);
  run.name = row.string(3);
  run.definition_hash = row.string(4);
  const auto state = run_state_from(row.text(5));
  if (!state) {
    return fail(damaged_row(database, fmt::format("run state '{}'", row.text(5))));
  }
  run.state = *state;
  run.epoch = row.integer(6);
  run.owner = row.string(7);
  run.lease_until = row.maybe_time(8);
  OAP_TRY(run.inputs, json_column(database, row, 9));
  OAP_TRY(run.outputs, json_column(database, row, 10));
  run.error = row.string(11);
  run.created_at = row.time(12);
  run.started_at = row.maybe_time(13);
  run.ended_at = row.maybe_time(14);
  return run;
}

Result<StepState> read_state(const Database& database, std::string_view name) {
  const auto state = step_state_from(name);
  if (!state) {
    return fail(damaged_row(database, fmt::format("step state '{}'", name)));
  }
  return *state;
}

Result<StepRecord> read_step(const Database& database, const Statement& row) {
  StepRecord step;
  step.id = row.string(0);
  step.name = row.string(1);
  step.kind = row.string(2);
  step.effect = row.string(3);
  OAP_TRY(step.state, read_state(database, row.text(4)));
  step.unmet = row.integer(5);
  step.attempt = row.integer(6);
  step.epoch = row.integer(7);
  step.idempotency_key = row.string(8);
  OAP_TRY(step.input, json_column(database, row, 9));
  OAP_TRY(step.output, json_column(database, row, 10));
  step.error = row.string(11);
  step.error_code = row.string(12);
  step.due_at = row.maybe_time(13);
  step.started_at = row.maybe_time(14);
  step.ended_at = row.maybe_time(15);
  return step;
}

Result<AttemptRecord> read_attempt(const Database& database, const Statement& row) {
  AttemptRecord attempt;
  attempt.step_id = row.string(0);
  attempt.attempt = row.integer(1);
  OAP_TRY(attempt.state, read_state(database, row.text(2)));
  attempt.epoch = row.integer(3);
  attempt.idempotency_key = row.string(4);
  attempt.error = row.string(5);
  attempt.error_code = row.string(6);
  attempt.started_at = row.time(7);
  attempt.ended_at = row.maybe_time(8);
  return attempt;
}

template <class Record, class Read>
Result<std::vector<Record>> read_all(const Database& database, Statement& statement, Read read) {
  std::vector<Record> records;
  while (true) {
    OAP_TRY(const bool row, statement.step());
    if (!row) {
      return records;
    }
    OAP_TRY(Record record, read(database, statement));
    records.push_back(std::move(record));
  }
}

}  // namespace

Result<RunRecord> Runs::find_locked(const std::string& run_id) {
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_RUN_COLUMNS " FROM run WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, run_id);
  OAP_TRY(const bool row, statement.step());
  if (!row) {
    return fail(Code::kNotFound, "no run {}", run_id);
  }
  return read_run(database_, statement);
}

Result<RunRecord> Runs::find(const std::string& run_id) {
  const MutexLock lock(database_.mutex());
  return find_locked(run_id);
}

Result<StepHistory> Runs::history(const std::string& run_id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement steps,
          database_.prepare("SELECT id, name, kind, effect, state, unmet, attempt, epoch,"
                            " idempotency_key, input, output, error, error_code, due_at,"
                            " started_at, ended_at FROM step"
                            " WHERE tenant_id=? AND run_id=? ORDER BY position"));
  steps.bind(tenant_, run_id);
  StepHistory history;
  OAP_TRY(history.steps, read_all<StepRecord>(database_, steps, read_step));
  OAP_TRY(Statement attempts,
          database_.prepare("SELECT a.step_id, a.attempt, a.state, a.epoch, a.idempotency_key,"
                            " a.error, a.error_code, a.started_at, a.ended_at"
                            " FROM attempt a JOIN step s ON s.tenant_id=a.tenant_id"
                            " AND s.run_id=a.run_id AND s.id=a.step_id"
                            " WHERE a.tenant_id=? AND a.run_id=? ORDER BY s.position, a.attempt"));
  attempts.bind(tenant_, run_id);
  OAP_TRY(history.attempts, read_all<AttemptRecord>(database_, attempts, read_attempt));
  return history;
}

Result<std::vector<RunRecord>> Runs::list(const RunFilter& filter) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_RUN_COLUMNS
                            " FROM run WHERE tenant_id=?1 AND id>=?2 AND id<?2||'~'"
                            " AND (?3='' OR task_id=?3) AND (?4 IS NULL OR state=?4)"
                            " ORDER BY id DESC LIMIT ?5"));
  const auto state = filter.state ? std::optional(to_string(*filter.state)) : std::nullopt;
  statement.bind(tenant_, filter.id_prefix, filter.task_id, state, filter.limit);
  return read_all<RunRecord>(database_, statement, read_run);
}

}  // namespace oap::store::sqlite
