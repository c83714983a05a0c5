#pragma once

#include <string>
#include <utility>

#include "async/handover.hpp"
#include "gateway/gateway.hpp"
#include "orchestration/conversation.hpp"
#include "platform/redaction.hpp"
#include "session/session_manager.hpp"

namespace oap::platform {

/// A run's turns as rows of its session, without secrets. Conversations that wait for the disk at
/// the same time share a sync. What it borrows outlives it.
class StoredConversation final : public orchestration::Conversation {
 public:
  StoredConversation(session::SessionManager& sessions, std::string session_id,
                     const gateway::Redactor& redactor)
      : sessions_(sessions), session_id_(std::move(session_id)), redactor_(redactor) {}
  Task<Result<void>> append(Message message, store::Durability durability) override {
    const Message clean = redacted(redactor_, message);
    OAP_CO_CHECK_OK(sessions_.append_message(session_id_, clean, store::Durability::kWritten));
    if (durability == store::Durability::kWritten) {
      co_return Result<void>{};
    }
    const async::Handover<Result<void>> on_disk;
    sessions_.when_durable([on_disk](Result<void> done) { on_disk.give(std::move(done)); });
    co_return co_await on_disk.take();
  }
  Result<void> compacted(const session::Compaction& compaction, std::size_t kept) override {
    session::Compaction clean = compaction;
    clean.summary = redacted(redactor_, clean.summary);
    return sessions_.compact(session_id_, std::move(clean), kept);
  }

 private:
  session::SessionManager& sessions_;
  std::string session_id_;
  const gateway::Redactor& redactor_;
};

}  // namespace oap::platform
