#include "crypto/hash.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/runs.hpp"

#define OAP_RUN_COLUMNS                                                                            \
  "id, workflow_id, name, definition_hash, task_id, session_id, user_id, parent_run,"              \
  " parent_step, forked_from, state, waits_for, epoch, owner, seq, head, wake_at, outputs, error," \
  " error_code, created_at, started_at, ended_at"

namespace oap::store::sqlite {
namespace {

constexpr PrefixQuery kPrefix = {
    "run", "run_",
    "SELECT id FROM run WHERE tenant_id=?1 AND id>=?2 AND id<?3 ORDER BY id LIMIT 4"};

Result<RunRecord> read_run(const Database& database, const Statement& row) {
  RunRecord run;
  run.id = row.string(0);
  run.workflow_id = row.string(1);
  run.name = row.string(2);
  run.definition_hash = row.string(3);
  run.task_id = row.string(4);
  run.session_id = row.string(5);
  run.user = row.string(6);
  run.parent_run = row.string(7);
  run.parent_step = row.string(8);
  run.forked_from = row.string(9);
  const auto state = run_state_from(row.text(10));
  if (!state) {
    return fail(damaged_row(database, fmt::format("run state '{}'", row.text(10))));
  }
  run.state = *state;
  run.waits_for = row.string(11);
  run.epoch = row.integer(12);
  run.owner = row.string(13);
  run.seq = row.integer(14);
  run.head = row.bytes(15);
  run.wake_at = row.maybe_time(16);
  OAP_TRY(run.outputs, json_column(database, row, 17));
  run.error = row.string(18);
  run.error_code = row.string(19);
  run.created_at = row.time(20);
  run.started_at = row.maybe_time(21);
  run.ended_at = row.maybe_time(22);
  return run;
}

EventRow read_event(const Statement& row) {
  return {row.integer(0), row.time(1), row.integer(2), row.string(3), row.bytes(4)};
}

Result<std::vector<Order>> read_orders(Statement& rows) {
  return rows_of(rows, [](const Statement& row) {
    return Order{row.string(0), row.string(1), row.time(2), row.string(3)};
  });
}

}  // namespace

Result<RunRecord> Runs::find_locked(const std::string& run_id) {
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_RUN_COLUMNS " FROM run WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, run_id);
  return row_of(statement, database_, read_run, "run", run_id);
}

Result<RunRecord> Runs::find(const std::string& run_id) {
  const MutexLock lock(database_.mutex());
  return find_locked(run_id);
}

Result<std::string> Runs::resolve(const std::string& prefix) {
  const MutexLock lock(database_.mutex());
  return resolve_prefix(database_, tenant_, kPrefix, prefix);
}

Result<std::vector<RunRecord>> Runs::list(const RunFilter& filter) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare(
              "SELECT " OAP_RUN_COLUMNS " FROM run WHERE tenant_id=?1 AND id>=?2 AND id<?2||'~'"
              " AND (?3='' OR id<?3) AND (?4='' OR task_id=?4) AND (?5='' OR workflow_id=?5)"
              " AND (?6='' OR parent_run=?6) AND (?7 IS NULL OR state=?7)"
              " AND (NOT ?8 OR ended_at IS NULL) ORDER BY id DESC LIMIT ?9"));
  const auto state = filter.state ? std::optional(to_string(*filter.state)) : std::nullopt;
  statement.bind(tenant_, filter.id_prefix, filter.before, filter.task_id, filter.workflow_id,
                 filter.parent_run, state, filter.open_only, filter.limit);
  return rows_of(statement, [this](const Statement& row) { return read_run(database_, row); });
}

Result<std::vector<EventRow>> Runs::events(const std::string& run_id, std::int64_t after,
                                           std::size_t limit) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement rows, database_.prepare("SELECT seq, at, epoch, body, hash FROM run_event"
                                            " WHERE tenant_id=? AND run_id=? AND seq>?"
                                            " ORDER BY seq LIMIT ?"));
  rows.bind(tenant_, run_id, after, limit);
  return rows_of(rows, read_event);
}

Result<std::optional<Snapshot>> Runs::snapshot(const std::string& run_id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement row, database_.prepare("SELECT seq, body FROM run_snapshot"
                                           " WHERE tenant_id=? AND run_id=?"));
  row.bind(tenant_, run_id);
  OAP_TRY(const bool there, row.step());
  if (!there) {
    return std::nullopt;
  }
  return Snapshot{row.integer(0), row.string(1)};
}

Result<std::vector<Order>> Runs::orders(const std::string& owner) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement rows,
          database_.prepare("SELECT i.id, i.run_id, i.at, i.body FROM run_inbox i JOIN run r"
                            " ON r.tenant_id=i.tenant_id AND r.id=i.run_id"
                            " WHERE i.tenant_id=? AND r.owner=? ORDER BY i.id LIMIT 1000"));
  rows.bind(tenant_, owner);
  return read_orders(rows);
}

Result<std::vector<Order>> Runs::orders_of(const std::string& run_id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement rows, database_.prepare("SELECT id, run_id, at, body FROM run_inbox"
                                            " WHERE tenant_id=? AND run_id=? ORDER BY id"));
  rows.bind(tenant_, run_id);
  return read_orders(rows);
}

Result<std::optional<std::string>> Runs::text_of(std::string_view sql, const std::string& key) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement row, database_.prepare(sql));
  row.bind(tenant_, key);
  OAP_TRY(const bool there, row.step());
  return there ? std::optional(row.string(0)) : std::nullopt;
}

namespace {

/// What is named by its hash is used only where it is still what was stored under that name.
Result<std::string> unchanged(std::string text, const std::string& hash, std::string_view what) {
  if (crypto::sha256_hex(text) != hash) {
    return fail(Code::kDataLoss,
                "the {} {} in the state database is not what was stored: its content does not have "
                "that hash; it is not used, restore the database from a copy",
                what, hash);
  }
  return text;
}

}  // namespace

Result<std::string> Runs::definition(const std::string& hash) {
  OAP_TRY(auto text, text_of("SELECT body FROM definition WHERE tenant_id=? AND hash=?", hash));
  if (!text) {
    return fail(Code::kNotFound, "no definition {} in the state database", hash);
  }
  return unchanged(*std::move(text), hash, "definition");
}

Result<std::string> Runs::blob(const std::string& hash) {
  OAP_TRY(auto text, text_of("SELECT body FROM blob WHERE tenant_id=? AND hash=?", hash));
  if (!text) {
    return fail(Code::kNotFound, "no blob {} in the state database", hash);
  }
  return unchanged(*std::move(text), hash, "blob");
}

Result<std::optional<std::string>> Runs::memo(const std::string& key) {
  return text_of("SELECT output FROM memo WHERE tenant_id=? AND key=?", key);
}

}  // namespace oap::store::sqlite
