#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/message.hpp"

namespace oap::orchestration {

/// Where a run's turns are kept. Every message is stored before it is acted on, so that a crash
/// loses none. An error ends the run.
class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual Result<void> append(const Message& message) = 0;
};

/// Keeps nothing: for turns that belong to no stored history.
class UnstoredConversation final : public Conversation {
 public:
  Result<void> append(const Message& /*message*/) override { return {}; }
};

}  // namespace oap::orchestration
