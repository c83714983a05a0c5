#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/message.hpp"
#include "session/compaction.hpp"
#include "store/message_repository.hpp"
#include "store/session_repository.hpp"

namespace oap::session {

/// What is known of a session while it is at work. A copy.
struct SessionState {
  std::string id;  ///< ses_…
  std::string workspace;
  std::string user_id;
  std::string title;
  std::string model;
  Usage usage;            ///< of all runs of the session together
  int anomaly_count = 0;  ///< unusable answers in a row
  bool mission_active = false;
  std::string mission;       ///< what the mission is to reach
  std::string current_task;  ///< the part that is being worked on, e.g. "TASK-3"; may be empty
  std::string forked_from;   ///< the session that this one is a copy of
  std::int64_t forked_at = 0;
  std::int64_t compacted_at = 0;  ///< the number of the newest compaction record; 0: none
  std::int64_t kept_from = 0;     ///< the first message that is sent after it
  json::Object others;            ///< further metadata, of whoever put it there
};

/// One row of a session: a message, or the record of a compaction.
struct StoredMessage {
  std::int64_t seq = 0;
  WallTime at;
  std::optional<Message> message;
  std::optional<Compaction> compaction;
};

/// How a session begins. Continuing keeps its title and user; the model is the new one.
struct SessionStart {
  enum class Mode { kNew, kContinueNewest, kContinueId };
  Mode mode = Mode::kNew;
  std::string workspace;
  std::string id;  ///< of kContinueId; any unique prefix
  std::string user_id;
  std::string title;
  std::string model;
};

/// The sessions of one process: their history, usage, anomalies and missions, kept in the store as
/// they change. Borrows the repositories and the clock, which outlive it. Thread-safe; each change
/// is one durable write and so blocks for it, but for messages that ask for less. Unknown ids are
/// kNotFound.
class SessionManager {
 public:
  SessionManager(store::SessionRepository& sessions, store::MessageRepository& messages,
                 const Clock& clock);

  /// Makes a session, or opens the workspace's newest or the named one; then a call that was under
  /// way when its last process ended is closed in the history. kNotFound where there is none.
  Result<SessionState> ensure_session(const SessionStart& start);

  Result<void> append_message(const std::string& id, const Message& message,
                              store::Durability durability = store::Durability::kSync);
  /// As MessageRepository::when_durable.
  void when_durable(store::MessageRepository::Done done) {
    messages_.when_durable(std::move(done));
  }
  /// What a provider is sent: all messages, or the newest compaction's summary and what it kept and
  /// what came since, in a form that providers accept (see close_open_calls). kDataLoss where a
  /// stored message cannot be read.
  Result<std::vector<Message>> history(const std::string& id);
  /// Everything that was ever said, from number `from` on, compactions too.
  Result<std::vector<StoredMessage>> records(const std::string& id, std::int64_t from = 0);
  /// From here on `history` is the summary, the newest `kept` messages, and what comes. Nothing is
  /// removed.
  Result<void> compact(const std::string& id, Compaction compaction, std::size_t kept);

  /// A new session with the messages up to number `at` (0: all), and the results of the calls in
  /// the last of them. kNotFound, kInvalidArgument where there is no such message.
  Result<SessionState> fork(const std::string& id, std::int64_t at);
  /// Removes it; how many messages it had. kFailedPrecondition while its mission is active.
  Result<std::int64_t> remove(const std::string& id);
  /// The full id that a unique prefix stands for.
  Result<std::string> resolve(const std::string& prefix);

  /// Adds to the session's usage and returns the new total.
  Result<Usage> update_session_tokens(const std::string& id, const Usage& added);
  Result<SessionState> state(const std::string& id);

  /// One more unusable answer in a row; returns how many.
  Result<int> record_anomaly(const std::string& id);
  Result<void> reset_anomaly(const std::string& id);

  Result<void> update_current_task(const std::string& id, std::string task);

  /// A session has at most one mission; activating also forgets anomalies.
  Result<void> activate_mission_state(const std::string& id, std::string mission);
  Result<bool> is_mission_active(const std::string& id);
  Result<void> deactivate_mission_state(const std::string& id);

 private:
  Result<SessionState> create(const SessionStart& start);
  Result<SessionState> resume(const SessionStart& start);
  Result<std::vector<Message>> load(const SessionState& state);
  Result<void> close_last_call(const std::string& id);
  Result<std::vector<StoredMessage>> rows(const std::string& id, std::int64_t from);
  Result<std::int64_t> first_of_newest(const std::string& id, std::size_t kept);
  Result<void> change(const std::string& id, const std::function<void(SessionState&)>& how);
  Result<SessionState*> find(const std::string& id);
  Result<void> save(const SessionState& state, const Usage* usage);
  Result<std::int64_t> append_row(const std::string& id, const json::Value& body,
                                  store::Durability durability = store::Durability::kSync);

  store::SessionRepository& sessions_;
  store::MessageRepository& messages_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, SessionState, std::less<>> states_;
};

}  // namespace oap::session
