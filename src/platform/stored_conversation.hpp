#pragma once

#include <string>
#include <utility>

#include "gateway/gateway.hpp"
#include "orchestration/conversation.hpp"
#include "platform/redaction.hpp"
#include "session/session_manager.hpp"

namespace oap::platform {

/// A run's turns as rows of its session, without secrets. What it borrows outlives it.
class StoredConversation final : public orchestration::Conversation {
 public:
  StoredConversation(session::SessionManager& sessions, std::string session_id,
                     const gateway::Redactor& redactor)
      : sessions_(sessions), session_id_(std::move(session_id)), redactor_(redactor) {}
  Result<void> append(const Message& message) override {
    return sessions_.append_message(session_id_, redacted(redactor_, message));
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
