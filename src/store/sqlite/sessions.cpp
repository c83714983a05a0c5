#include "store/sqlite/sessions.hpp"

#include "json/print.hpp"
#include "store/sqlite/rows.hpp"

#define OAP_SESSION_COLUMNS                                                                       \
  "id, workspace, user_id, title, model, status, input_tokens, output_tokens, cache_read_tokens," \
  " cache_write_tokens, reasoning_tokens, requests, cost_usd, metadata, created_at, updated_at"

namespace oap::store::sqlite {
namespace {

constexpr PrefixQuery kPrefix = {
    "session", "ses_",
    "SELECT id FROM session WHERE tenant_id=?1 AND id>=?2 AND id<?3 ORDER BY id LIMIT 4"};

Result<SessionRecord> read(const Database& database, const Statement& row) {
  SessionRecord session;
  session.id = row.string(0);
  session.workspace = row.string(1);
  session.user_id = row.string(2);
  session.title = row.string(3);
  session.model = row.string(4);
  session.status = row.string(5);
  session.usage.input_tokens = row.integer(6);
  session.usage.output_tokens = row.integer(7);
  session.usage.cache_read_tokens = row.integer(8);
  session.usage.cache_write_tokens = row.integer(9);
  session.usage.reasoning_tokens = row.integer(10);
  session.usage.requests = row.integer(11);
  session.usage.cost_usd = row.is_null(12) ? std::nullopt : std::optional(row.real(12));
  OAP_TRY(json::Value metadata, json_column(database, row, 13));
  if (!metadata.is_object()) {
    return fail(damaged_row(database, "session.metadata is no object"));
  }
  session.metadata = std::move(metadata.get_object());
  session.created_at = row.time(14);
  session.updated_at = row.time(15);
  return session;
}

template <class T, class Field>
std::optional<std::int64_t> field(const std::optional<T>& value, Field member) {
  return value ? std::optional((*value).*member) : std::nullopt;
}

}  // namespace

Result<void> Sessions::create(const SessionRecord& session) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO session (tenant_id, " OAP_SESSION_COLUMNS
                            ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const WallTime created = or_now(session.created_at);
  const WallTime updated = session.updated_at == WallTime{} ? created : session.updated_at;
  const Usage& usage = session.usage;
  statement.bind(tenant_, session.id, session.workspace, session.user_id, session.title,
                 session.model, session.status, usage.input_tokens, usage.output_tokens,
                 usage.cache_read_tokens, usage.cache_write_tokens, usage.reasoning_tokens,
                 usage.requests, usage.cost_usd, json::print(session.metadata), created, updated);
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return {};
}

Result<SessionRecord> Sessions::find(const std::string& id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement, database_.prepare("SELECT " OAP_SESSION_COLUMNS
                                                 " FROM session WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, id);
  return row_of(statement, database_, read, "session", id);
}

Result<std::string> Sessions::resolve(const std::string& prefix) {
  const MutexLock lock(database_.mutex());
  return resolve_prefix(database_, tenant_, kPrefix, prefix);
}

Result<std::optional<SessionRecord>> Sessions::newest(const std::string& workspace) {
  OAP_TRY(std::vector<SessionRecord> sessions, list({.workspace = workspace, .limit = 1}));
  if (sessions.empty()) {
    return std::optional<SessionRecord>();
  }
  return std::optional(std::move(sessions.front()));
}

Result<void> Sessions::update(const std::string& id, const SessionUpdate& update) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare(
              "UPDATE session SET status=coalesce(?3,status), title=coalesce(?4,title),"
              " model=coalesce(?5,model), input_tokens=coalesce(?6,input_tokens),"
              " output_tokens=coalesce(?7,output_tokens),"
              " cache_read_tokens=coalesce(?8,cache_read_tokens),"
              " cache_write_tokens=coalesce(?9,cache_write_tokens),"
              " reasoning_tokens=coalesce(?10,reasoning_tokens), requests=coalesce(?11,requests),"
              " cost_usd=CASE WHEN ?12 THEN ?13 ELSE cost_usd END,"
              " metadata=coalesce(?14,metadata), updated_at=?15 WHERE tenant_id=?1 AND id=?2"));
  const auto& usage = update.usage;
  const auto metadata =
      update.metadata ? std::optional(json::print(*update.metadata)) : std::nullopt;
  statement.bind(tenant_, id, update.status, update.title, update.model,
                 field(usage, &Usage::input_tokens), field(usage, &Usage::output_tokens),
                 field(usage, &Usage::cache_read_tokens), field(usage, &Usage::cache_write_tokens),
                 field(usage, &Usage::reasoning_tokens), field(usage, &Usage::requests),
                 usage.has_value(), usage ? usage->cost_usd : std::nullopt, metadata,
                 or_now(update.updated_at));
  OAP_TRY(const std::int64_t changed, statement.run());
  if (changed == 0) {
    return fail(Code::kNotFound, "no session {}", id);
  }
  return {};
}

Result<std::vector<SessionRecord>> Sessions::list(const SessionFilter& filter) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          filter.workspace.empty()
              ? database_.prepare("SELECT " OAP_SESSION_COLUMNS
                                  " FROM session WHERE tenant_id=?1 AND ?2=''"
                                  " ORDER BY updated_at DESC, id DESC LIMIT ?3")
              : database_.prepare("SELECT " OAP_SESSION_COLUMNS
                                  " FROM session WHERE tenant_id=?1 AND workspace=?2"
                                  " ORDER BY updated_at DESC, id DESC LIMIT ?3"));
  statement.bind(tenant_, filter.workspace, filter.limit);
  return rows_of(statement, [this](const Statement& row) { return read(database_, row); });
}

Result<std::int64_t> Sessions::remove(const std::string& id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Transaction transaction, Transaction::begin(database_));
  std::int64_t messages = 0;
  std::int64_t sessions = 0;
  for (const auto& [sql, count] :
       {std::pair<const char*, std::int64_t*>{
            "DELETE FROM message WHERE tenant_id=? AND session_id=?", &messages},
        {"DELETE FROM task WHERE tenant_id=? AND session_id=?", nullptr},
        {"DELETE FROM session WHERE tenant_id=? AND id=?", &sessions}}) {
    OAP_TRY(Statement statement, database_.prepare(sql));
    statement.bind(tenant_, id);
    OAP_TRY(const std::int64_t changed, statement.run());
    if (count != nullptr) {
      *count = changed;
    }
  }
  if (sessions == 0) {
    return fail(Code::kNotFound, "no session {}", id);
  }
  OAP_CHECK_OK(transaction.commit());
  return messages;
}

Result<void> Messages::append(const std::string& session_id, std::int64_t seq,
                              const json::Value& body, WallTime at, Durability durability) {
  const std::string text = json::print(body);
  const MutexLock lock(database_.mutex());
  OAP_TRY(const Unsynced unsynced, Unsynced::begin(database_, durability));
  OAP_TRY(Statement statement, database_.prepare("INSERT INTO message VALUES (?,?,?,?,?)"));
  statement.bind(tenant_, session_id, seq, text, or_now(at));
  auto changed = statement.run();
  if (changed) {
    return {};
  }
  if (changed.error().code() == Code::kAlreadyExists) {
    return fail(
        Code::kAlreadyExists,
        "message {} of session {} exists already: another process goes on with this session", seq,
        session_id);
  }
  if (changed.error().code() == Code::kNotFound) {
    return fail(Code::kNotFound, "no session {}", session_id);
  }
  return fail(std::move(changed).error());
}

void Messages::when_durable(Done done) { database_.when_synced(std::move(done)); }

Result<std::vector<MessageRecord>> Messages::list(const std::string& session_id,
                                                  std::int64_t from_seq) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT seq, body, created_at FROM message"
                            " WHERE tenant_id=? AND session_id=? AND seq>=? ORDER BY seq"));
  statement.bind(tenant_, session_id, from_seq);
  return rows_of(statement, [this](const Statement& row) -> Result<MessageRecord> {
    OAP_TRY(json::Value body, json_column(database_, row, 1));
    return MessageRecord{row.integer(0), std::move(body), row.time(2)};
  });
}

Result<std::map<std::string, std::int64_t>> Messages::counts(
    const std::vector<std::string>& session_ids) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT session_id, count(*) FROM message WHERE tenant_id=?"
                            " AND session_id IN (SELECT value FROM json_each(?))"
                            " GROUP BY session_id"));
  statement.bind(tenant_, json_list(session_ids));
  std::map<std::string, std::int64_t> counts;
  while (true) {
    OAP_TRY(const bool row, statement.step());
    if (!row) {
      return counts;
    }
    counts[statement.string(0)] = statement.integer(1);
  }
}

Result<std::int64_t> Messages::copy(const std::string& from, const std::string& to,
                                    std::int64_t last) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO message SELECT tenant_id, ?3, seq, body, created_at"
                            " FROM message WHERE tenant_id=?1 AND session_id=?2 AND seq<=?4"));
  statement.bind(tenant_, from, to, last);
  return statement.run();
}

Result<std::int64_t> Messages::next_seq(const std::string& session_id) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement, database_.prepare("SELECT coalesce(max(seq),0)+1 FROM message"
                                                 " WHERE tenant_id=? AND session_id=?"));
  statement.bind(tenant_, session_id);
  OAP_TRY([[maybe_unused]] const bool row, statement.step());
  return statement.integer(0);
}

}  // namespace oap::store::sqlite
