#include "store/sqlite/missions.hpp"

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "store/sqlite/rows.hpp"

#define OAP_MISSION_COLUMNS                                                             \
  "id, session_id, workspace, objective, state, waits_for, reason, epoch, seq, owner, " \
  "lease_until, body, created_at, updated_at, ended_at"

namespace oap::store::sqlite {
namespace {

constexpr PrefixQuery kPrefix = {
    "mission", "mis_",
    "SELECT id FROM mission WHERE tenant_id=?1 AND id>=?2 AND id<?3 ORDER BY id LIMIT 4"};

Result<MissionRecord> read(const Database& database, const Statement& row) {
  MissionRecord mission;
  mission.id = row.string(0);
  mission.session_id = row.string(1);
  mission.workspace = row.string(2);
  mission.objective = row.string(3);
  mission.state = row.string(4);
  mission.waits_for = row.string(5);
  mission.reason = row.string(6);
  mission.epoch = row.integer(7);
  mission.seq = row.integer(8);
  mission.owner = row.string(9);
  mission.lease_until = row.time(10);
  OAP_TRY(json::Value body, json_column(database, row, 11));
  if (!body.is_object()) {
    return fail(damaged_row(database, "a mission without its state"));
  }
  mission.body = std::move(body.get_object());
  mission.created_at = row.time(12);
  mission.updated_at = row.time(13);
  mission.ended_at = row.maybe_time(14);
  return mission;
}

}  // namespace

Result<MissionRecord> Missions::find_locked(const std::string& id) {
  OAP_TRY(Statement statement, database_.prepare("SELECT " OAP_MISSION_COLUMNS
                                                 " FROM mission WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, id);
  return row_of(statement, database_, read, "mission", id);
}

Result<void> Missions::append(const std::string& id, std::int64_t seq, WallTime at,
                              const MissionEventRow& event) {
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO mission_event (tenant_id, mission_id, seq, at, kind, body)"
                            " VALUES (?,?,?,?,?,?)"));
  statement.bind(tenant_, id, seq, event.at == WallTime{} ? at : event.at, event.kind,
                 json::print(event.body));
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Result<void> Missions::create(const MissionRecord& mission,
                              const std::vector<MissionEventRow>& events) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  const WallTime created = or_now(mission.created_at);
  {
    OAP_TRY(Statement statement,
            database_.prepare("INSERT INTO mission (tenant_id, " OAP_MISSION_COLUMNS
                              ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    statement.bind(tenant_, mission.id, mission.session_id, mission.workspace, mission.objective,
                   mission.state, mission.waits_for, mission.reason, mission.epoch, events.size(),
                   mission.owner, mission.lease_until, json::print(json::Value(mission.body)),
                   created, created, mission.ended_at);
    if (auto done = statement.run(); !done) {
      if (done.error().code() == Code::kAlreadyExists) {
        return fail(Code::kAlreadyExists, "the session {} has an open mission already",
                    mission.session_id);
      }
      return fail(std::move(done).error());
    }
  }
  std::int64_t seq = 0;
  for (const MissionEventRow& event : events) {
    OAP_CHECK_OK(append(mission.id, ++seq, created, event));
  }
  return transaction.commit();
}

Result<void> Missions::move_row(const MissionWrite& write, std::int64_t seq) {
  const WallTime at = or_now(write.at);
  const bool ended = write.change && write.change->ended;
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE mission SET seq=?4, updated_at=?5, state=coalesce(?6,state),"
                            " waits_for=coalesce(?7,waits_for), reason=coalesce(?8,reason),"
                            " body=coalesce(?9,body), owner=CASE WHEN ?10 THEN '' ELSE owner END,"
                            " ended_at=CASE WHEN ?11 THEN coalesce(ended_at,?5) ELSE ended_at END"
                            " WHERE tenant_id=?1 AND id=?2 AND epoch=?3 AND ended_at IS NULL"));
  using Text = std::optional<std::string>;
  statement.bind(tenant_, write.id, write.epoch, seq, at,
                 write.change ? Text(write.change->state) : std::nullopt,
                 write.change ? Text(write.change->waits_for) : std::nullopt,
                 write.change ? Text(write.change->reason) : std::nullopt,
                 write.change ? Text(json::print(json::Value(write.change->body))) : std::nullopt,
                 write.lets_go || ended, ended);
  OAP_TRY(const std::int64_t changed, statement.run());
  if (changed == 0) {
    return fail(Code::kFailedPrecondition,
                "the mission {} has ended, or another process drives it now", write.id);
  }
  return {};
}

Result<std::int64_t> Missions::write(const MissionWrite& write) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(const Unsynced unsynced, Unsynced::begin(database_, write.durability));
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  std::int64_t seq = 0;
  {
    OAP_TRY(Statement newest,
            database_.prepare("SELECT seq FROM mission WHERE tenant_id=? AND id=?"));
    newest.bind(tenant_, write.id);
    OAP_TRY(const bool row, newest.step());
    if (!row) {
      return fail(Code::kNotFound, "no mission {}", write.id);
    }
    seq = newest.integer(0);
  }
  const auto count = static_cast<std::int64_t>(write.events.size());
  OAP_CHECK_OK(move_row(write, seq + count));
  for (const MissionEventRow& event : write.events) {
    OAP_CHECK_OK(append(write.id, ++seq, or_now(write.at), event));
  }
  if (!write.taken.empty()) {
    OAP_TRY(Statement taken,
            database_.prepare("DELETE FROM mission_order WHERE tenant_id=?1 AND id IN"
                              " (SELECT value FROM json_each(?2))"));
    taken.bind(tenant_, json_list(write.taken));
    OAP_TRY([[maybe_unused]] const std::int64_t gone, taken.run());
  }
  OAP_CHECK_OK(transaction.commit());
  return seq;
}

Result<MissionRecord> Missions::claim(const std::string& id, const MissionClaim& claim) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  {
    OAP_TRY(Statement statement,
            database_.prepare("UPDATE mission SET owner=?3, epoch=epoch+1, lease_until=?5"
                              " WHERE tenant_id=?1 AND id=?2 AND ended_at IS NULL"
                              " AND (owner='' OR lease_until<=?4 OR owner IN"
                              " (SELECT value FROM json_each(?6)))"));
    statement.bind(tenant_, id, claim.owner, claim.now, claim.lease_until, json_list(claim.dead));
    OAP_TRY(const std::int64_t changed, statement.run());
    if (changed == 0) {
      OAP_TRY(const MissionRecord mission, find_locked(id));
      if (mission.ended_at) {
        return fail(Code::kFailedPrecondition, "the mission {} has ended: {}", id, mission.state);
      }
      return fail(Code::kFailedPrecondition, "another process drives the mission {} ({})", id,
                  mission.owner);
    }
  }
  OAP_TRY(MissionRecord mission, find_locked(id));
  OAP_CHECK_OK(transaction.commit());
  return mission;
}

Result<void> Missions::renew(const std::string& id, std::int64_t epoch, WallTime until) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement, database_.prepare("UPDATE mission SET lease_until=?4 WHERE"
                                                 " tenant_id=?1 AND id=?2 AND epoch=?3"));
  statement.bind(tenant_, id, epoch, until);
  OAP_TRY(const std::int64_t changed, statement.run());
  if (changed == 0) {
    return fail(Code::kFailedPrecondition, "another process drives the mission {} now", id);
  }
  return {};
}

Result<MissionRecord> Missions::find(const std::string& id) {
  const MutexLock lock(database_.mutex());
  return find_locked(id);
}

Result<std::string> Missions::resolve(const std::string& prefix) {
  const MutexLock lock(database_.mutex());
  return resolve_prefix(database_, tenant_, kPrefix, prefix);
}

Result<std::vector<MissionRecord>> Missions::list(const MissionFilter& filter) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_MISSION_COLUMNS
                            " FROM mission WHERE tenant_id=?1 AND (?2='' OR workspace=?2)"
                            " AND (?3='' OR session_id=?3) AND (NOT ?4 OR ended_at IS NULL)"
                            " ORDER BY id DESC LIMIT ?5"));
  statement.bind(tenant_, filter.workspace, filter.session_id, filter.open_only, filter.limit);
  return rows_of(statement, [this](const Statement& row) { return read(database_, row); });
}

Result<std::vector<MissionEventRow>> Missions::events(const std::string& id, std::int64_t after,
                                                      std::size_t limit, const std::string& kind) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT seq, at, kind, body FROM mission_event WHERE tenant_id=?1"
                            " AND mission_id=?2 AND seq>?3 AND (?4='' OR kind=?4)"
                            " ORDER BY seq LIMIT ?5"));
  statement.bind(tenant_, id, after, kind, limit);
  return rows_of(statement, [this](const Statement& row) -> Result<MissionEventRow> {
    MissionEventRow event;
    event.seq = row.integer(0);
    event.at = row.time(1);
    event.kind = row.string(2);
    OAP_TRY(event.body, json_column(database_, row, 3));
    return event;
  });
}

Result<void> Missions::post(const MissionOrder& order) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(const MissionRecord mission, find_locked(order.mission_id));
  if (mission.ended_at) {
    return fail(Code::kFailedPrecondition, "the mission {} has ended: {}", mission.id,
                mission.state);
  }
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO mission_order (tenant_id, id, mission_id, at, body)"
                            " VALUES (?,?,?,?,?)"));
  statement.bind(tenant_, order.id, order.mission_id, or_now(order.at), json::print(order.body));
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Result<std::vector<MissionOrder>> Missions::orders(const std::string& id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT id, mission_id, at, body FROM mission_order"
                            " WHERE tenant_id=? AND mission_id=? ORDER BY id"));
  statement.bind(tenant_, id);
  return rows_of(statement, [this](const Statement& row) -> Result<MissionOrder> {
    MissionOrder order;
    order.id = row.string(0);
    order.mission_id = row.string(1);
    order.at = row.time(2);
    OAP_TRY(order.body, json_column(database_, row, 3));
    return order;
  });
}

}  // namespace oap::store::sqlite
