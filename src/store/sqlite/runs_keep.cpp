#include "crypto/hash.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/runs.hpp"

namespace oap::store::sqlite {

Result<ChainReport> Runs::verify(const std::string& run_id) {
  constexpr std::size_t kPage = 1'000;
  OAP_TRY(const RunRecord run, find(run_id));
  ChainReport report;
  if (run.head.empty()) {
    report.events = run.seq;
    report.problem = "not chained: the run is of an earlier version of oap";
    return report;
  }
  const auto broken = [&report](std::string problem) {
    report.intact = false;
    report.problem = std::move(problem);
    return report;
  };
  std::string head = chain_start(run_id, run.definition_hash);
  while (true) {
    OAP_TRY(const std::vector<EventRow> page, events(run_id, report.events, kPage));
    for (const EventRow& event : page) {
      if (event.seq != report.events + 1) {
        return broken(fmt::format("event {} is missing", report.events + 1));
      }
      head = chain_next(head, event);
      if (head != event.hash) {
        return broken(fmt::format("event {} does not match its hash", event.seq));
      }
      report.events = event.seq;
    }
    if (page.size() < kPage) {
      break;
    }
  }
  OAP_TRY(const RunRecord now, find(run_id));
  if (report.events < now.seq) {
    return broken(fmt::format("the last {} events are missing", now.seq - report.events));
  }
  if (report.events == now.seq && head != now.head) {
    return broken("the run's row does not match its last event");
  }
  return report;
}

Result<Purged> Runs::purge(WallTime before) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  Purged purged;
  for (const std::string_view table : {"run_event", "run_snapshot", "run_blob", "run_inbox"}) {
    OAP_TRY([[maybe_unused]] const std::int64_t changed,
            execute(fmt::format("DELETE FROM {} WHERE tenant_id=?1 AND run_id IN (SELECT id FROM"
                                " run WHERE tenant_id=?1 AND ended_at<?2)",
                                table),
                    tenant_, before));
  }
  OAP_TRY(purged.runs,
          execute("DELETE FROM run WHERE tenant_id=? AND ended_at<?", tenant_, before));
  OAP_TRY(purged.blobs,
          execute("DELETE FROM blob WHERE tenant_id=?1 AND NOT EXISTS (SELECT 1 FROM run_blob b"
                  " WHERE b.tenant_id=?1 AND b.hash=blob.hash)",
                  tenant_));
  OAP_TRY([[maybe_unused]] const std::int64_t definitions,
          execute("DELETE FROM definition WHERE tenant_id=?1 AND hash NOT IN"
                  " (SELECT definition_hash FROM run WHERE tenant_id=?1)"
                  " AND NOT EXISTS (SELECT 1 FROM run r WHERE r.tenant_id=?1"
                  " AND r.ended_at IS NULL)",
                  tenant_));
  OAP_TRY([[maybe_unused]] const std::int64_t memos,
          execute("DELETE FROM memo WHERE tenant_id=? AND at<?", tenant_, before));
  OAP_CHECK_OK(transaction.commit());
  return purged;
}

}  // namespace oap::store::sqlite
