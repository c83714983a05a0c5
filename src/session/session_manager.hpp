#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/message.hpp"
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
  std::string mission;  ///< what the mission is to reach
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
/// is one durable write and so blocks for it. Unknown ids are kNotFound.
class SessionManager {
 public:
  SessionManager(store::SessionRepository& sessions, store::MessageRepository& messages,
                 const Clock& clock);

  /// Makes a session, or opens the workspace's newest or the named one; then a call that was under
  /// way when its last process ended is closed in the history. kNotFound where there is none.
  Result<SessionState> ensure_session(const SessionStart& start);

  Result<void> append_message(const std::string& id, const Message& message);
  /// All messages in a form that providers accept, see close_open_calls. kDataLoss where a stored
  /// message cannot be read.
  Result<std::vector<Message>> history(const std::string& id);

  /// Adds to the session's usage and returns the new total.
  Result<Usage> update_session_tokens(const std::string& id, const Usage& added);
  Result<SessionState> state(const std::string& id);

  /// One more unusable answer in a row; returns how many.
  Result<int> record_anomaly(const std::string& id);
  Result<void> reset_anomaly(const std::string& id);

  /// A session has at most one mission; activating also forgets anomalies.
  Result<void> activate_mission_state(const std::string& id, std::string mission);
  Result<bool> is_mission_active(const std::string& id);
  Result<void> deactivate_mission_state(const std::string& id);

 private:
  Result<SessionState> create(const SessionStart& start);
  Result<SessionState> resume(const SessionStart& start);
  Result<std::vector<Message>> load(const std::string& id);
  Result<SessionState*> find(const std::string& id);
  Result<void> save(const SessionState& state, const Usage* usage);
  Result<void> append(const std::string& id, const Message& message);

  store::SessionRepository& sessions_;
  store::MessageRepository& messages_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, SessionState, std::less<>> states_;
};

}  // namespace oap::session
