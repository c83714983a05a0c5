#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "model/message.hpp"
#include "session/compaction.hpp"
#include "store/durability.hpp"

namespace oap::orchestration {

/// Where a run's turns are kept. Every message is stored before it is acted on, so that a crash
/// loses none. An error ends the run.
///
/// Who acts for others asks for kSync: a person's message before anything is done about it, and an
/// answer that calls tools with effects before the first of them starts, so that whatever happens
/// then, the call is known and not repeated. The rest (answers that only read or only talk,
/// results) is kWritten: a loss of power may take the newest of it, and then the model is asked
/// again; what comes after it is lost with it, never it alone.
class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual Task<Result<void>> append(Message message, store::Durability durability) = 0;
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
  Task<Result<void>> append(Message /*message*/, store::Durability /*durability*/) override {
    co_return Result<void>{};
  }
  bool is_stored() const override { return false; }
};

}  // namespace oap::orchestration
