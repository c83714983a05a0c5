#include "approval/pending.hpp"

#include <fmt/format.h>

#include "async/sleep.hpp"

namespace oap::approval {
namespace {

constexpr Millis kLook{100};

Answer answer_of(const store::ApprovalRecord& record) {
  Answer answer;
  answer.approved = record.state == store::ApprovalState::kApproved;
  answer.approver = "pending list: " + record.decided_by;
  answer.comment = record.comment;
  return answer;
}

}  // namespace

/// Looks until somebody has decided; kDeadlineExceeded where nobody did, kCancelled where the call
/// was.
Task<Result<store::ApprovalRecord>> PendingApprover::decided(std::string id, Deadline deadline) {
  while (true) {
    OAP_CO_TRY(store::ApprovalRecord record, list_.find(id));
    if (record.state != store::ApprovalState::kPending) {
      co_return record;
    }
    if (deadline.passed()) {
      co_return fail(Code::kDeadlineExceeded, "nobody answered");
    }
    OAP_CO_CHECK_OK(co_await async::sleep_for(kLook));
  }
}

Task<Result<Answer>> PendingApprover::ask(Request request) {
  store::ApprovalRecord record;
  record.id = request.id;
  record.session_id = request.call.session_id;
  record.call_id = request.call.id;
  record.user_id = request.call.principal.user_id;
  record.role = request.call.principal.role;
  record.tool = request.call.public_name();
  record.created_at = clock_.wall();
  record.expires_at = record.created_at + wait_;
  request.expires = record.expires_at;
  record.details = shown_(request);
  OAP_CO_CHECK_OK(list_.create(record));
  auto found = co_await decided(record.id, Deadline::after(wait_));
  if (found) {
    co_return answer_of(*found);
  }
  const bool late = found.error().code() == Code::kDeadlineExceeded;
  const auto closed = list_.close(
      record.id, late ? store::ApprovalState::kExpired : store::ApprovalState::kWithdrawn,
      clock_.wall());
  if (!late) {
    co_return fail(std::move(found).error());
  }
  // Somebody may have decided at the last moment.
  if (closed && closed->state != store::ApprovalState::kExpired) {
    co_return answer_of(*closed);
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait_).count();
  co_return Answer{false, "pending list", fmt::format("nobody answered within {} s", seconds),
                   true};
}

}  // namespace oap::approval
