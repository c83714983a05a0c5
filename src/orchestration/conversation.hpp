#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/message.hpp"
#include "session/compaction.hpp"

namespace oap::orchestration {

/// Where a run's turns are kept. Every message is stored before it is acted on, so that a crash
/// loses none. An error ends the run.
class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual Result<void> append(const Message& message) = 0;
  /// The conversation was shortened: from here on it is the summary and the newest `kept` messages.
  virtual Result<void> compacted(const session::Compaction& /*compaction*/, std::size_t /*kept*/) {
    return {};
  }
  /// False for turns beside the session's own.
  virtual bool is_stored() const { return true; }
};

/// Keeps nothing: for turns that belong to no stored history.
class UnstoredConversation final : public Conversation {
 public:
  Result<void> append(const Message& /*message*/) override { return {}; }
  bool is_stored() const override { return false; }
};

}  // namespace oap::orchestration
