#pragma once

#include <functional>

#include "approval/approver.hpp"
#include "store/approval_repository.hpp"

namespace oap::approval {

/// Puts the question on the pending list of the store and waits for whoever decides there (`oap
/// approvals`), from any process, until it expires: then nobody answered. A call that is cancelled
/// takes its question back. The repository and the clock outlive it.
class PendingApprover final : public Approver {
 public:
  /// Makes what the list shows of a question: without secrets.
  using Shown = std::function<json::Object(const Request& request)>;

  PendingApprover(store::ApprovalRepository& list, const Clock& clock, Millis wait, Shown shown)
      : list_(list), clock_(clock), wait_(wait), shown_(std::move(shown)) {}
  Task<Result<Answer>> ask(Request request) override;

 private:
  Task<Result<store::ApprovalRecord>> decided(std::string id, Deadline deadline);

  store::ApprovalRepository& list_;
  const Clock& clock_;
  Millis wait_;
  Shown shown_;
};

}  // namespace oap::approval
