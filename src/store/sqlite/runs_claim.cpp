#include "store/sqlite/rows.hpp"
#include "store/sqlite/runs.hpp"

namespace oap::store::sqlite {
namespace {

/// Whether the run's owner (of the row `run`) may be passed over: ?3 now, ?4 the dead, ?5 the
/// claimer, who may claim again what he has.
constexpr std::string_view kOwnerIsGone =
    "(owner='' OR owner=?5 OR owner IN (SELECT value FROM json_each(?4)) OR NOT EXISTS"
    " (SELECT 1 FROM run_owner o WHERE o.tenant_id=?1 AND o.name=run.owner AND o.lease_until>?3))";

}  // namespace

Result<RunRecord> Runs::claim(const std::string& run_id, const Claim& claim) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  OAP_TRY(RunRecord run, find_locked(run_id));
  OAP_TRY(const std::int64_t changed,
          execute(fmt::format("UPDATE run SET owner=?5, epoch=epoch+1, wake_at=NULL"
                              " WHERE tenant_id=?1 AND id=?2 AND ended_at IS NULL AND {}",
                              kOwnerIsGone),
                  tenant_, run_id, claim.now, json_list(claim.dead), claim.owner));
  if (changed == 0) {
    if (run.ended_at) {
      return fail(Code::kFailedPrecondition, "run {} has ended ({})", run_id, to_string(run.state));
    }
    return fail(Code::kFailedPrecondition,
                "run {} is being run by '{}', whose lease has not run out", run_id, run.owner);
  }
  OAP_CHECK_OK(transaction.commit());
  run.owner = claim.owner;
  ++run.epoch;
  return run;
}

Result<std::vector<RunRecord>> Runs::claim_all(const Claim& claim) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  std::vector<std::string> ids;
  {
    OAP_TRY(Statement owned, database_.prepare(fmt::format(
                                 "SELECT id FROM run WHERE tenant_id=?1 AND owner>'' AND owner<>?5"
                                 " AND ended_at IS NULL AND {} ORDER BY id LIMIT ?2",
                                 kOwnerIsGone)));
    owned.bind(tenant_, claim.limit, claim.now, json_list(claim.dead), claim.owner);
    OAP_CHECK_OK(read_texts(owned, ids));
  }
  if (claim.due && ids.size() < claim.limit) {
    OAP_TRY(Statement due, database_.prepare("SELECT id FROM run WHERE tenant_id=?1 AND owner=''"
                                             " AND ended_at IS NULL AND wake_at<=?2"
                                             " ORDER BY wake_at LIMIT ?3"));
    due.bind(tenant_, claim.now, claim.limit - ids.size());
    OAP_CHECK_OK(read_texts(due, ids));
  }
  std::vector<RunRecord> runs;
  runs.reserve(ids.size());
  for (const std::string& id : ids) {
    OAP_TRY(RunRecord run, find_locked(id));
    OAP_TRY([[maybe_unused]] const std::int64_t changed,
            execute("UPDATE run SET owner=?3, epoch=epoch+1, wake_at=NULL"
                    " WHERE tenant_id=?1 AND id=?2",
                    tenant_, id, claim.owner));
    run.owner = claim.owner;
    ++run.epoch;
    runs.push_back(std::move(run));
  }
  OAP_CHECK_OK(transaction.commit());
  return runs;
}

Result<void> Runs::renew(const std::string& owner, WallTime until) {
  const MutexLock lock(database_.mutex());
  OAP_TRY([[maybe_unused]] const std::int64_t changed,
          execute("INSERT INTO run_owner (tenant_id, name, lease_until) VALUES (?,?,?)"
                  " ON CONFLICT DO UPDATE SET lease_until=excluded.lease_until",
                  tenant_, owner, until));
  return {};
}

Result<void> Runs::forget(const std::string& owner) {
  const MutexLock lock(database_.mutex());
  OAP_TRY([[maybe_unused]] const std::int64_t changed,
          execute("DELETE FROM run_owner WHERE tenant_id=? AND name=?", tenant_, owner));
  return {};
}

Result<std::vector<OwnerRecord>> Runs::owners() {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement rows, database_.prepare("SELECT DISTINCT r.owner, coalesce(o.lease_until,0)"
                                            " FROM run r LEFT JOIN run_owner o"
                                            " ON o.tenant_id=r.tenant_id AND o.name=r.owner"
                                            " WHERE r.tenant_id=? AND r.owner>''"
                                            " AND r.ended_at IS NULL"));
  rows.bind(tenant_);
  return rows_of(rows,
                 [](const Statement& row) { return OwnerRecord{row.string(0), row.time(1)}; });
}

Result<std::vector<std::string>> Runs::due(WallTime now) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement rows, database_.prepare("SELECT id FROM run WHERE tenant_id=? AND wake_at<=?"
                                            " AND owner='' AND ended_at IS NULL"
                                            " ORDER BY wake_at LIMIT 1000"));
  rows.bind(tenant_, now);
  std::vector<std::string> ids;
  OAP_CHECK_OK(read_texts(rows, ids));
  return ids;
}

Result<std::int64_t> Runs::changes() {
  const MutexLock lock(database_.mutex());
  return database_.query_integer("PRAGMA data_version");
}

}  // namespace oap::store::sqlite
