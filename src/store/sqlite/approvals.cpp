#include "store/sqlite/approvals.hpp"

#include <fmt/format.h>

#include "store/sqlite/rows.hpp"

#define OAP_APPROVAL_COLUMNS                                                              \
  "id, session_id, call_id, user_id, role, tool, details, state, created_at, expires_at," \
  " decided_at, decided_by, comment"

namespace oap::store {

std::string_view to_string(ApprovalState state) {
  switch (state) {
    case ApprovalState::kPending:
      return "pending";
    case ApprovalState::kApproved:
      return "approved";
    case ApprovalState::kDenied:
      return "denied";
    case ApprovalState::kExpired:
      return "expired";
    case ApprovalState::kWithdrawn:
      return "withdrawn";
  }
  return "pending";
}

namespace sqlite {
namespace {

constexpr PrefixQuery kPrefix = {
    "approval", "apr_",
    "SELECT id FROM approval WHERE tenant_id=?1 AND id>=?2 AND id<?3 ORDER BY id LIMIT 4"};

std::optional<ApprovalState> state_from(std::string_view name) {
  for (const ApprovalState state :
       {ApprovalState::kPending, ApprovalState::kApproved, ApprovalState::kDenied,
        ApprovalState::kExpired, ApprovalState::kWithdrawn}) {
    if (to_string(state) == name) {
      return state;
    }
  }
  return std::nullopt;
}

Result<ApprovalRecord> read(const Database& database, const Statement& row) {
  ApprovalRecord record;
  record.id = row.string(0);
  record.session_id = row.string(1);
  record.call_id = row.string(2);
  record.user_id = row.string(3);
  record.role = row.string(4);
  record.tool = row.string(5);
  OAP_TRY(json::Value details, json_column(database, row, 6));
  const auto state = state_from(row.text(7));
  if (!state || !details.is_object()) {
    return fail(damaged_row(database, fmt::format("approval {}", record.id)));
  }
  record.details = std::move(details.as_object());
  record.state = *state;
  record.created_at = row.time(8);
  record.expires_at = row.time(9);
  record.decided_at = row.maybe_time(10);
  record.decided_by = row.string(11);
  record.comment = row.string(12);
  return record;
}

}  // namespace

Result<void> Approvals::create(const ApprovalRecord& approval) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("INSERT INTO approval (tenant_id, " OAP_APPROVAL_COLUMNS
                            ") VALUES (?,?,?,?,?,?,?,?,'pending',?,?,NULL,'','')"));
  statement.bind(tenant_, approval.id, approval.session_id, approval.call_id, approval.user_id,
                 approval.role, approval.tool, json_text(json::Value(approval.details)),
                 or_now(approval.created_at), approval.expires_at);
  OAP_CHECK_OK(statement.run());
  return {};
}

Result<ApprovalRecord> Approvals::decide(const std::string& id, const ApprovalVerdict& verdict) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE approval SET state=?3, decided_at=?4, decided_by=?5, comment=?6"
                            " WHERE tenant_id=?1 AND id=?2 AND state='pending' AND expires_at>?4"));
  statement.bind(tenant_, id, verdict.approved ? "approved" : "denied", or_now(verdict.at),
                 verdict.by, verdict.comment);
  OAP_TRY(const std::int64_t changed, statement.run());
  OAP_TRY(ApprovalRecord record, find_locked(id));
  if (changed == 0) {
    const bool late = record.state == ApprovalState::kPending;
    return fail(Code::kFailedPrecondition, "{} is {}; nothing waits for it any more", id,
                late ? "expired" : to_string(record.state));
  }
  return record;
}

Result<ApprovalRecord> Approvals::close(const std::string& id, ApprovalState state, WallTime at) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("UPDATE approval SET state=?3, decided_at=?4"
                            " WHERE tenant_id=?1 AND id=?2 AND state='pending'"));
  statement.bind(tenant_, id, to_string(state), or_now(at));
  OAP_CHECK_OK(statement.run());
  return find_locked(id);
}

Result<ApprovalRecord> Approvals::find_locked(const std::string& id) {
  OAP_TRY(Statement statement, database_.prepare("SELECT " OAP_APPROVAL_COLUMNS
                                                 " FROM approval WHERE tenant_id=? AND id=?"));
  statement.bind(tenant_, id);
  return row_of(statement, database_, read, "approval", id);
}

Result<ApprovalRecord> Approvals::find(const std::string& id) {
  const MutexLock lock(database_.mutex());
  return find_locked(id);
}

Result<std::string> Approvals::resolve(const std::string& prefix) {
  const MutexLock lock(database_.mutex());
  return resolve_prefix(database_, tenant_, kPrefix, prefix);
}

Result<std::vector<ApprovalRecord>> Approvals::list(const ApprovalFilter& filter) {
  const MutexLock lock(database_.mutex());
  OAP_TRY(Statement statement,
          database_.prepare("SELECT " OAP_APPROVAL_COLUMNS
                            " FROM approval WHERE tenant_id=?1 AND (NOT ?2 OR (state='pending' AND"
                            " expires_at>?3)) ORDER BY id DESC LIMIT ?4"));
  statement.bind(tenant_, filter.only_open, or_now(filter.now), filter.limit);
  return rows_of(statement, [this](const Statement& row) { return read(database_, row); });
}

}  // namespace sqlite
}  // namespace oap::store
