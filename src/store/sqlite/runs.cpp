#include "store/sqlite/runs.hpp"

#include "store/sqlite/rows.hpp"

namespace oap::store::sqlite {
namespace {

/// What fails one row alone; anything else is a failure of the store.
bool is_refusal(const Error& error) {
  return error.code() == Code::kAlreadyExists || error.code() == Code::kFailedPrecondition ||
         error.code() == Code::kNotFound;
}

}  // namespace

Written Runs::write(std::span<const NewRun> runs, std::span<const Turn> turns) {
  const MutexLock lock(database_.mutex());
  auto written = write_all(runs, turns);
  if (written) {
    return *std::move(written);
  }
  return {std::vector<Result<TurnDone>>(runs.size(), fail(written.error())),
          std::vector<Result<TurnDone>>(turns.size(), fail(written.error()))};
}

Result<Written> Runs::write_all(std::span<const NewRun> runs, std::span<const Turn> turns) {
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  Written written;
  written.runs.reserve(runs.size());
  written.turns.reserve(turns.size());
  for (const NewRun& run : runs) {
    written.runs.push_back(insert(run));
    if (const auto& done = written.runs.back(); !done && !is_refusal(done.error())) {
      return fail(done.error());
    }
  }
  for (const Turn& turn : turns) {
    written.turns.push_back(apply(turn));
    if (const auto& done = written.turns.back(); !done && !is_refusal(done.error())) {
      return fail(done.error());
    }
  }
  OAP_CHECK_OK(transaction.commit());
  return written;
}

Result<TurnDone> Runs::insert(const NewRun& fresh) {
  const RunRecord& run = fresh.run;
  OAP_TRY(Statement there, database_.prepare("SELECT 1 FROM run WHERE tenant_id=? AND id=?"));
  there.bind(tenant_, run.id);
  OAP_TRY(const bool exists, there.step());
  if (exists) {
    return fail(Code::kAlreadyExists, "there is a run {} already", run.id);
  }
  for (const HashedText& definition : fresh.definitions) {
    OAP_CHECK_OK(put_definition(definition));
  }
  const EventRow event{1, or_now(run.created_at), run.owner.empty() ? 0 : 1, fresh.events, ""};
  const std::string head = chain_next(chain_start(run.id, run.definition_hash), event);
  const auto wake_at = run.owner.empty() ? run.wake_at : std::nullopt;
  OAP_TRY(
      [[maybe_unused]] const std::int64_t changed,
      execute("INSERT INTO run (tenant_id, id, epoch, seq, head, state, owner, wake_at, ended_at,"
              " waits_for, workflow_id, name, definition_hash, task_id, session_id, user_id,"
              " parent_run, parent_step, forked_from, outputs, error, error_code, created_at,"
              " started_at) VALUES (?1,?2,?3,1,?4,?5,?6,?7,NULL,?8,?9,?10,?11,?12,?13,?14,?15,"
              "?16,?17,NULL,'','',?18,?19)",
              tenant_, run.id, event.epoch, Bytes{head}, to_string(run.state), run.owner, wake_at,
              run.waits_for, run.workflow_id, run.name, run.definition_hash, run.task_id,
              run.session_id, run.user, run.parent_run, run.parent_step, run.forked_from, event.at,
              run.started_at));
  EventRow row = event;
  row.hash = head;
  OAP_CHECK_OK(append_event(run.id, row));
  OAP_CHECK_OK(put_blobs(run.id, fresh.blobs));
  return TurnDone{1, head};
}

Result<TurnDone> Runs::apply(const Turn& turn) {
  TurnDone done{turn.seq, turn.head};
  EventRow event{turn.seq + 1, or_now(turn.at), turn.epoch, turn.events, ""};
  if (!turn.events.empty()) {
    event.hash = chain_next(turn.head, event);
    done = {event.seq, event.hash};
  }
  OAP_TRY(const bool moved, move_row(turn, done));
  if (!moved) {
    return fail(refusal(turn));
  }
  if (!turn.events.empty()) {
    OAP_CHECK_OK(append_event(turn.run_id, event));
  }
  OAP_CHECK_OK(put_rest(turn));
  return done;
}

Result<bool> Runs::move_row(const Turn& turn, const TurnDone& done) {
  if (!turn.change && !turn.lets_go) {
    OAP_TRY(const std::int64_t changed,
            execute("UPDATE run SET seq=?5, head=?6 WHERE tenant_id=?1 AND id=?2 AND epoch=?3"
                    " AND seq=?4 AND ended_at IS NULL",
                    tenant_, turn.run_id, turn.epoch, turn.seq, done.seq, Bytes{done.head}));
    return changed == 1;
  }
  const RunChange change = turn.change.value_or(RunChange{});
  const bool ends = turn.change && is_end(change.state);
  const auto state = turn.change ? std::optional(to_string(change.state)) : std::nullopt;
  const WallTime at = or_now(turn.at);
  const auto sleeps_until = turn.wake_at;
  OAP_TRY(
      const std::int64_t changed,
      execute("UPDATE run SET seq=?5, head=?6, state=coalesce(?7,state),"
              " waits_for=CASE WHEN ?7 IS NULL THEN waits_for ELSE ?8 END,"
              " outputs=coalesce(?9,outputs), error=CASE WHEN ?7 IS NULL THEN error ELSE ?10 END,"
              " error_code=CASE WHEN ?7 IS NULL THEN error_code ELSE ?11 END,"
              " started_at=CASE WHEN ?7='pending' THEN NULL ELSE coalesce(started_at,?12) END,"
              " ended_at=CASE WHEN ?13 THEN ?12 END,"
              " owner=CASE WHEN ?13 OR ?14 THEN '' ELSE owner END,"
              " wake_at=CASE WHEN ?13 OR NOT ?14 THEN NULL"
              " WHEN EXISTS (SELECT 1 FROM run_inbox i WHERE i.tenant_id=?1 AND i.run_id=?2"
              "   AND i.id NOT IN (SELECT value FROM json_each(?16))) THEN 0 ELSE ?15 END"
              " WHERE tenant_id=?1 AND id=?2 AND epoch=?3 AND seq=?4 AND ended_at IS NULL",
              tenant_, turn.run_id, turn.epoch, turn.seq, done.seq, Bytes{done.head}, state,
              change.waits_for, json_text(change.outputs), change.error, change.error_code, at,
              ends, turn.lets_go, sleeps_until, json_list(turn.taken)));
  return changed == 1;
}

Result<void> Runs::append_event(const std::string& run_id, const EventRow& event) {
  OAP_TRY(
      [[maybe_unused]] const std::int64_t changed,
      execute("INSERT INTO run_event (tenant_id, run_id, seq, at, epoch, body, hash)"
              " VALUES (?,?,?,?,?,?,?)",
              tenant_, run_id, event.seq, event.at, event.epoch, event.body, Bytes{event.hash}));
  return {};
}

Result<void> Runs::put_definition(const HashedText& definition) {
  OAP_TRY([[maybe_unused]] const std::int64_t changed,
          execute("INSERT INTO definition (tenant_id, hash, body) VALUES (?,?,?)"
                  " ON CONFLICT DO UPDATE SET body=excluded.body WHERE body<>excluded.body",
                  tenant_, definition.hash, definition.text));
  return {};
}

Result<void> Runs::put_blobs(const std::string& run_id, const std::vector<HashedText>& blobs) {
  for (const HashedText& blob : blobs) {
    OAP_TRY([[maybe_unused]] const std::int64_t stored,
            execute("INSERT INTO blob (tenant_id, hash, body) VALUES (?,?,?)"
                    " ON CONFLICT DO UPDATE SET body=excluded.body WHERE body<>excluded.body",
                    tenant_, blob.hash, blob.text));
    OAP_TRY([[maybe_unused]] const std::int64_t noted,
            execute("INSERT INTO run_blob (tenant_id, run_id, hash) VALUES (?,?,?)"
                    " ON CONFLICT DO NOTHING",
                    tenant_, run_id, blob.hash));
  }
  return {};
}

Result<void> Runs::put_rest(const Turn& turn) {
  OAP_CHECK_OK(put_blobs(turn.run_id, turn.blobs));
  for (const std::string& id : turn.taken) {
    OAP_TRY([[maybe_unused]] const std::int64_t changed,
            execute("DELETE FROM run_inbox WHERE tenant_id=? AND id=?", tenant_, id));
  }
  for (const Order& order : turn.orders) {
    OAP_CHECK_OK(put_order(order));
    OAP_CHECK_OK(wake(order.run_id));
  }
  for (const std::string& step : turn.released_groups) {
    OAP_TRY([[maybe_unused]] const std::int64_t changed,
            execute("DELETE FROM run_group WHERE tenant_id=? AND run_id=? AND step=?", tenant_,
                    turn.run_id, step));
  }
  for (const HashedText& memo : turn.memos) {
    OAP_TRY([[maybe_unused]] const std::int64_t changed,
            execute("INSERT INTO memo (tenant_id, key, output, at) VALUES (?,?,?,?)"
                    " ON CONFLICT DO NOTHING",
                    tenant_, memo.hash, memo.text, or_now(turn.at)));
  }
  const bool ends = turn.change && is_end(turn.change->state);
  if (ends) {
    for (const std::string_view sql : {"DELETE FROM run_snapshot WHERE tenant_id=? AND run_id=?",
                                       "DELETE FROM run_group WHERE tenant_id=? AND run_id=?",
                                       "DELETE FROM run_inbox WHERE tenant_id=? AND run_id=?"}) {
      OAP_TRY([[maybe_unused]] const std::int64_t changed, execute(sql, tenant_, turn.run_id));
    }
  } else if (!turn.snapshot.empty()) {
    OAP_TRY([[maybe_unused]] const std::int64_t changed,
            execute("INSERT INTO run_snapshot (tenant_id, run_id, seq, body) VALUES (?,?,?,?)"
                    " ON CONFLICT DO UPDATE SET seq=excluded.seq, body=excluded.body",
                    tenant_, turn.run_id, turn.seq + (turn.events.empty() ? 0 : 1), turn.snapshot));
  }
  return {};
}

Result<void> Runs::put_order(const Order& order) {
  OAP_TRY([[maybe_unused]] const std::int64_t changed,
          execute("INSERT INTO run_inbox (tenant_id, id, run_id, at, body) SELECT ?1,?2,?3,?4,?5"
                  " WHERE EXISTS (SELECT 1 FROM run WHERE tenant_id=?1 AND id=?3"
                  " AND ended_at IS NULL)",
                  tenant_, order.id, order.run_id, or_now(order.at), order.body));
  return {};
}

Result<void> Runs::wake(const std::string& run_id) {
  OAP_TRY([[maybe_unused]] const std::int64_t changed,
          execute("UPDATE run SET wake_at=0 WHERE tenant_id=? AND id=? AND owner=''"
                  " AND ended_at IS NULL",
                  tenant_, run_id));
  return {};
}

Error Runs::refusal(const Turn& turn) {
  auto run = find_locked(turn.run_id);
  if (!run) {
    return run.error();
  }
  if (run->ended_at) {
    return {Code::kFailedPrecondition,
            fmt::format("run {} has ended ({})", run->id, to_string(run->state))};
  }
  return {Code::kFailedPrecondition,
          fmt::format("run {} belongs to {} now (epoch {}, event {}); this write came from its "
                      "former owner (epoch {}, event {}) and changed nothing",
                      run->id, run->owner.empty() ? "nobody" : "'" + run->owner + "'", run->epoch,
                      run->seq, turn.epoch, turn.seq)};
}

Result<void> Runs::post(const Order& order) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  OAP_TRY(const RunRecord run, find_locked(order.run_id));
  if (run.ended_at) {
    return fail(Code::kFailedPrecondition, "run {} has ended ({})", run.id, to_string(run.state));
  }
  OAP_CHECK_OK(put_order(order));
  OAP_CHECK_OK(wake(order.run_id));
  return transaction.commit();
}

Result<GroupHolder> Runs::take_group(const std::string& name, const std::string& run_id,
                                     const std::string& step) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  OAP_TRY([[maybe_unused]] const std::int64_t swept,
          execute("DELETE FROM run_group WHERE tenant_id=?1 AND name=?2 AND NOT EXISTS (SELECT 1"
                  " FROM run r WHERE r.tenant_id=?1 AND r.id=run_group.run_id"
                  " AND r.ended_at IS NULL)",
                  tenant_, name));
  OAP_TRY([[maybe_unused]] const std::int64_t taken,
          execute("INSERT INTO run_group (tenant_id, name, run_id, step) VALUES (?,?,?,?)"
                  " ON CONFLICT DO NOTHING",
                  tenant_, name, run_id, step));
  OAP_TRY(Statement holder, database_.prepare("SELECT run_id, step FROM run_group"
                                              " WHERE tenant_id=? AND name=?"));
  holder.bind(tenant_, name);
  OAP_TRY([[maybe_unused]] const bool row, holder.step());
  GroupHolder now{holder.string(0), holder.string(1)};
  OAP_TRY([[maybe_unused]] const std::int64_t rest, holder.run());
  OAP_CHECK_OK(transaction.commit());
  return now;
}

}  // namespace oap::store::sqlite
