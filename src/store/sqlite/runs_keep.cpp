#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/runs.hpp"

namespace oap::store::sqlite {

namespace {

/// The events of a turn; none where it holds something else.
json::Array events_of(const EventRow& turn) {
  json::Value body =
      json::parse(turn.body, {.max_depth = 1'000, .max_bytes = 1U << 30U}).value_or(json::Value());
  return body.is_array() ? std::move(body.get_array()) : json::Array();
}

/// How the row tells the run's end, held against how its journal does.
std::string row_problem(const RunRecord& run, const EventRow& last) {
  const json::Array events = events_of(last);
  const json::Value* ended = nullptr;
  for (const json::Value& event : events) {
    ended = json::get_string(event, "e") == "run_ended" ? &event : ended;
  }
  if (ended == nullptr) {
    return is_end(run.state) || run.ended_at
               ? fmt::format("the run's row says '{}', but its journal tells of no end",
                             to_string(run.state))
               : "";
  }
  const json::Object* const more = json::find_object(*ended, "more");
  const std::string_view state = more == nullptr ? "" : json::get_string(*more, "state");
  if (to_string(run.state) != state || !run.ended_at) {
    return fmt::format("the run's row says '{}', but its journal ends with '{}'",
                       to_string(run.state), state);
  }
  if (run.error != json::get_string(*ended, "text") ||
      run.error_code != json::get_string(*ended, "code")) {
    return "the run's row has another error than its journal";
  }
  const json::Value* const data = json::find(*ended, "data");
  if (json::canonical(run.outputs) != json::canonical(data == nullptr ? json::Value() : *data)) {
    return "the run's row has other outputs than its journal";
  }
  return "";
}

}  // namespace

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
  EventRow first;
  EventRow last;
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
      if (event.seq == 1) {
        first = event;
      }
      last = event;
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
  if (report.events > now.seq) {
    return broken(fmt::format("the run's row stands at event {}, its journal at event {}", now.seq,
                              report.events));
  }
  OAP_TRY(std::string problem, disagreement(now, first, last));
  return problem.empty() ? report : broken(std::move(problem));
}

Result<std::string> Runs::disagreement(const RunRecord& run, const EventRow& first,
                                       const EventRow& last) {
  std::vector<std::string> definitions{run.definition_hash};
  for (const json::Value& event : events_of(first)) {
    const json::Object* const more = json::find_object(event, "more");
    const json::Object* const names =
        more == nullptr ? nullptr : json::find_object(*more, "definitions");
    if (names == nullptr) {
      continue;
    }
    for (const auto& name : *names) {
      definitions.emplace_back(name.value().is_string() ? json::view(name.value().get_string())
                                                        : std::string_view());
    }
  }
  for (const std::string& hash : definitions) {
    if (const auto text = definition(hash); !text) {
      return text.error().message();
    }
  }
  OAP_TRY(const std::vector<std::string> blobs, blobs_of(run.id));
  for (const std::string& hash : blobs) {
    if (const auto text = blob(hash); !text) {
      return text.error().message();
    }
  }
  return row_problem(run, last);
}

Result<std::vector<std::string>> Runs::blobs_of(const std::string& run_id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement rows,
          database_.prepare("SELECT hash FROM run_blob WHERE tenant_id=? AND run_id=?"));
  rows.bind(tenant_, run_id);
  return rows_of(rows, [](const Statement& row) { return row.string(0); });
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
