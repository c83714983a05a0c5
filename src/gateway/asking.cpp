#include "gateway/asking.hpp"

#include "async/deadline.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"

namespace oap::gateway {

Task<bool> Asking::approve(Walk& walk) {
  if (!co_await announce(walk)) {
    co_return false;
  }
  approval::Request request{new_id("apr_"), walk.call, walk.judged.rule, walk.judged.reason};
  if (parts_.desk != nullptr) {
    parts_.desk->describe(request);
  }
  Progress asking{Progress::Kind::kApproval, walk.call};
  asking.approval = &request;
  tell_(asking);
  const SteadyTime asked_at = parts_.clock.steady();
  auto answer = co_await ask(walk, request);
  walk.asked += std::chrono::duration_cast<Millis>(parts_.clock.steady() - asked_at);
  if (!answer) {
    const bool cancelled = answer.error().code() == Code::kCancelled;
    deny(walk, walk.judged.rule, "approval failed: " + answer.error().to_string(), !cancelled);
    co_return false;
  }
  walk.approver = answer->approver;
  asking.answer = &*answer;
  tell_(asking);
  if (!answer->approved) {
    std::string reason = walk.judged.reason;
    reason += answer->nobody ? "; it needs approval and nobody could be asked"
                             : "; refused by " + answer->approver;
    if (!answer->comment.empty()) {
      reason += ": " + answer->comment;
    }
    deny(walk, walk.judged.rule, std::move(reason), answer->nobody);
    co_return false;
  }
  if (answer->always && parts_.desk != nullptr) {
    if (const auto kept = parts_.desk->remember(request); !kept) {
      log::error("gateway", "an approval for always was not written down",
                 {{"error", kept.error().to_string()}});
    }
  }
  co_return true;
}

/// Tells hooks that somebody is about to be asked; one of them may answer no.
Task<bool> Asking::announce(Walk& walk) {
  using Kind = hooks::SessionEvent::Kind;
  hooks::SessionEvent asked{Kind::kPermissionRequest};
  asked.call = &walk.call;
  hooks::Context context = context_of(walk.call, parts_.workspace);
  const hooks::EventVerdict verdict =
      co_await parts_.hooks.session_event(context, std::move(asked));
  if (verdict.block) {
    deny(walk, "hook PermissionRequest", verdict.reason);
    co_return false;
  }
  hooks::SessionEvent told{Kind::kNotification, "permission_prompt"};
  told.message = "oap needs your permission to use " + walk.call.public_name();
  co_await parts_.hooks.session_event(std::move(context), std::move(told));
  co_return true;
}

/// The call's own approver, and where nobody is there, the one for that.
Task<Result<approval::Answer>> Asking::ask(Walk& walk, approval::Request& request) {
  const Deadline deadline = Deadline::after(parts_.patience).sooner(walk.call.deadline);
  approval::Approver& approver =
      walk.link.approver != nullptr ? *walk.link.approver : parts_.approver;
  auto question = approver.ask(request);
  auto answer = co_await async::with_deadline(deadline, std::move(question), "the approval");
  approval::Approver* const absent = parts_.desk != nullptr ? parts_.desk->absent() : nullptr;
  if (!answer || !answer->nobody || absent == nullptr) {
    co_return answer;
  }
  const Deadline patience = Deadline::after(parts_.desk->patience());
  auto waiting = absent->ask(request);
  answer = co_await async::with_deadline(patience, std::move(waiting), "the approval");
  if (answer && answer->approved && walk.own_deadline) {
    walk.call.deadline = Deadline::after(parts_.default_timeout);
  }
  co_return answer;
}

}  // namespace oap::gateway
