#include "store/sqlite/runs.hpp"

#include <algorithm>

#include "json/print.hpp"
#include "store/sqlite/rows.hpp"

namespace oap::store::sqlite {
namespace {

/// A write that SQLite refused, as opposed to one that the rules refused.
bool is_store_failure(const Error& error) {
  return error.code() != Code::kFailedPrecondition && error.code() != Code::kNotFound &&
         error.code() != Code::kAlreadyExists;
}

std::int64_t first_epoch(const RunRecord& run) { return run.owner.empty() ? 0 : 1; }

}  // namespace

Result<void> Runs::create(const RunRecord& run, const json::Value& definition,
                          const std::vector<StepRecord>& steps) {
  const std::string body = json::canonical(definition);
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  OAP_TRY(Statement pin, database_.prepare("INSERT INTO definition VALUES (?,?,?)"
                                           " ON CONFLICT DO NOTHING"));
  pin.bind(tenant_, run.definition_hash, body);
  OAP_TRY([[maybe_unused]] const std::int64_t pinned, pin.run());
  OAP_CHECK_OK(insert_run(run));
  for (std::size_t position = 0; position < steps.size(); ++position) {
    OAP_CHECK_OK(insert_step(run.id, position, steps[position]));
  }
  return transaction.commit();
}

Result<void> Runs::insert_run(const RunRecord& run) {
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO run VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  statement.bind(tenant_, run.id, run.task_id, run.session_id, run.name, run.definition_hash,
                 to_string(run.state), first_epoch(run), run.owner, run.lease_until,
                 json_text(run.inputs), json_text(run.outputs), run.error, or_now(run.created_at),
                 run.started_at, run.ended_at);
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Result<void> Runs::insert_step(const std::string& run_id, std::size_t position,
                               const StepRecord& step) {
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO step (tenant_id, run_id, id, position, name, kind, effect,"
                            " state, unmet, attempt, epoch, idempotency_key, error, error_code)"
                            " VALUES (?,?,?,?,?,?,?,?,?,0,0,'','','')"));
  const StepState state = step.unmet == 0 ? StepState::kReady : StepState::kPending;
  statement.bind(tenant_, run_id, step.id, position, step.name, step.kind, step.effect,
                 to_string(state), step.unmet);
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Result<std::int64_t> Runs::acquire(const std::string& run_id, const Lease& lease) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  OAP_TRY(const RunRecord run, find_locked(run_id));
  if (is_end(run.state)) {
    return fail(Code::kFailedPrecondition, "run {} has ended as {}", run_id, to_string(run.state));
  }
  const bool held = !run.owner.empty() && run.owner != lease.owner && run.lease_until &&
                    *run.lease_until > lease.now;
  if (held && !lease.take_over) {
    return fail(Code::kFailedPrecondition, "run {} is being run by {} until {}", run_id, run.owner,
                format_time(*run.lease_until));
  }
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE run SET epoch=epoch+1, owner=?3, lease_until=?4"
                            " WHERE tenant_id=?1 AND id=?2"));
  statement.bind(tenant_, run_id, lease.owner, lease.until);
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  OAP_CHECK_OK(transaction.commit());
  return run.epoch + 1;
}

std::vector<Result<RunCommit>> Runs::commit(std::span<const RunWrite> writes) {
  const auto all_failed = [&writes](const Error& error) {
    return std::vector<Result<RunCommit>>(writes.size(), tl::unexpected<Error>(error));
  };
  const MutexLock lock(database_.mutex());
  auto transaction = Transaction::begin(database_);
  if (!transaction) {
    return all_failed(transaction.error());
  }
  std::vector<Result<RunCommit>> results;
  results.reserve(writes.size());
  for (const RunWrite& write : writes) {
    if (auto saved = database_.exec("SAVEPOINT write"); !saved) {
      return all_failed(saved.error());
    }
    results.push_back(apply(write));
    if (!results.back() && is_store_failure(results.back().error())) {
      return all_failed(results.back().error());
    }
    const char* end = results.back() ? "RELEASE write" : "ROLLBACK TO write; RELEASE write";
    if (auto ended = database_.exec(end); !ended) {
      return all_failed(ended.error());
    }
  }
  if (auto committed = transaction->commit(); !committed) {
    return all_failed(committed.error());
  }
  return results;
}

Result<RunCommit> Runs::apply(const RunWrite& write) {
  OAP_CHECK_OK(check_epoch(write));
  RunCommit commit;
  for (const StepWrite& step : write.steps) {
    std::erase(commit.ready, step.step_id);
    if (step.state == StepState::kRunning) {
      OAP_CHECK_OK(start_step(write, step));
      continue;
    }
    OAP_CHECK_OK(move_step(write, step));
    OAP_CHECK_OK(end_attempt(write, step));
    for (const std::string& successor : step.successors) {
      OAP_TRY(const bool ready, count_down(write, successor));
      if (ready) {
        commit.ready.push_back(successor);
      }
    }
  }
  if (write.run || write.lease_until) {
    OAP_CHECK_OK(update_run(write));
  }
  return commit;
}

Result<void> Runs::check_epoch(const RunWrite& write) {
  OAP_TRY(Statement statement,
          database_.prepare("SELECT epoch, state, ended_at FROM run WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, write.run_id);
  OAP_TRY(const bool row, statement.step());
  if (!row) {
    return fail(Code::kNotFound, "no run {}", write.run_id);
  }
  if (statement.integer(0) != write.epoch) {
    return fail(Code::kFailedPrecondition,
                "run {} has another owner now (epoch {}, this one has {}); nothing was recorded",
                write.run_id, statement.integer(0), write.epoch);
  }
  if (!statement.is_null(2)) {
    return fail(Code::kFailedPrecondition, "run {} has ended as {}", write.run_id,
                statement.text(1));
  }
  return {};
}

Result<void> Runs::start_step(const RunWrite& write, const StepWrite& step) {
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE step SET state='running', attempt=?4, epoch=?5,"
                            " idempotency_key=?6, input=?7, due_at=NULL, error='', error_code='',"
                            " started_at=coalesce(started_at,?8)"
                            " WHERE tenant_id=?1 AND run_id=?2 AND id=?3"
                            " AND state IN ('ready','unknown') AND attempt=?4-1"));
  statement.bind(tenant_, write.run_id, step.step_id, step.attempt, write.epoch,
                 step.idempotency_key, json_text(step.input), step.at);
  OAP_TRY(const std::int64_t changed, statement.run());
  if (changed == 0) {
    return fail(illegal(write, step));
  }
  OAP_TRY(Statement attempt,
          database_.prepare("INSERT INTO attempt VALUES (?,?,?,?,'running',?,?,'','',?,NULL)"));
  attempt.bind(tenant_, write.run_id, step.step_id, step.attempt, write.epoch, step.idempotency_key,
               step.at);
  OAP_TRY([[maybe_unused]] const std::int64_t inserted, attempt.run());
  return {};
}

Result<void> Runs::move_step(const RunWrite& write, const StepWrite& step) {
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE step SET state=?4, epoch=?5, output=?6, error=?7,"
                            " error_code=?8, due_at=?9, ended_at=CASE WHEN ?10 THEN ?11 END"
                            " WHERE tenant_id=?1 AND run_id=?2 AND id=?3"
                            " AND state NOT IN ('completed','failed','skipped','cancelled')"));
  statement.bind(tenant_, write.run_id, step.step_id, to_string(step.state), write.epoch,
                 json_text(step.output), step.error, step.error_code, step.due_at,
                 is_end(step.state), step.at);
  OAP_TRY(const std::int64_t changed, statement.run());
  if (changed == 0) {
    return fail(illegal(write, step));
  }
  return {};
}

Result<void> Runs::end_attempt(const RunWrite& write, const StepWrite& step) {
  if (step.attempt == 0) {
    return {};
  }
  const StepState state = step.state == StepState::kReady ? StepState::kFailed : step.state;
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE attempt SET state=?5, error=?6, error_code=?7, ended_at=?8"
                            " WHERE tenant_id=?1 AND run_id=?2 AND step_id=?3 AND attempt=?4"
                            " AND ended_at IS NULL"));
  statement.bind(tenant_, write.run_id, step.step_id, step.attempt, to_string(state), step.error,
                 step.error_code, step.at);
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Result<bool> Runs::count_down(const RunWrite& write, const std::string& successor) {
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE step SET unmet=unmet-1, epoch=?4,"
                            " state=CASE WHEN unmet=1 AND state='pending' THEN 'ready'"
                            " ELSE state END"
                            " WHERE tenant_id=?1 AND run_id=?2 AND id=?3 AND unmet>0"
                            " RETURNING unmet=0 AND state='ready'"));
  statement.bind(tenant_, write.run_id, successor, write.epoch);
  OAP_TRY(const bool row, statement.step());
  if (!row) {
    return fail(Code::kFailedPrecondition, "step {} of run {} waits for nothing more", successor,
                write.run_id);
  }
  const bool ready = statement.integer(0) != 0;
  OAP_TRY([[maybe_unused]] const std::int64_t rest, statement.run());
  return ready;
}

Result<void> Runs::update_run(const RunWrite& write) {
  if (!write.run) {
    OAP_TRY(Statement renew,
            database_.prepare("UPDATE run SET lease_until=?3 WHERE tenant_id=?1 AND id=?2"));
    renew.bind(tenant_, write.run_id, write.lease_until);
    OAP_TRY([[maybe_unused]] const std::int64_t changed, renew.run());
    return {};
  }
  const RunUpdate& update = *write.run;
  const bool ends = is_end(update.state);
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE run SET state=?3, outputs=coalesce(?4,outputs), error=?5,"
                            " started_at=coalesce(started_at,?6),"
                            " ended_at=CASE WHEN ?7 THEN ?6 END,"
                            " owner=CASE WHEN ?7 THEN '' ELSE owner END,"
                            " lease_until=CASE WHEN ?7 THEN NULL ELSE coalesce(?8,lease_until) END"
                            " WHERE tenant_id=?1 AND id=?2"));
  statement.bind(tenant_, write.run_id, to_string(update.state), json_text(update.outputs),
                 update.error, update.at, ends, write.lease_until);
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Error Runs::illegal(const RunWrite& write, const StepWrite& step) {
  std::string now = "not there";
  if (auto statement = database_.prepare("SELECT state || ' (attempt ' || attempt || ')' FROM step"
                                         " WHERE tenant_id=? AND run_id=? AND id=?")) {
    statement->bind(tenant_, write.run_id, step.step_id);
    if (auto row = statement->step(); row && *row) {
      now = statement->string(0);
    }
  }
  return {Code::kFailedPrecondition,
          fmt::format("step {} of run {} is {}; it cannot become {} (attempt {})", step.step_id,
                      write.run_id, now, to_string(step.state), step.attempt)};
}

}  // namespace oap::store::sqlite
