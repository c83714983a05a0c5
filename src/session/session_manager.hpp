#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/message.hpp"
#include "store/message_repository.hpp"
#include "store/session_repository.hpp"

namespace oap::session {

/// The one controller of session state: rows of sessions and their messages, token totals, and what
/// is only of this process (missions, anomalies). The repositories outlive it. Used from one thread.
class SessionManager {
 public:
  SessionManager(store::SessionRepository& sessions, store::MessageRepository& messages,
                 const Clock& clock);

  /// A fresh session; its id.
  Result<std::string> start_session(const std::string& workspace, const std::string& user_id,
                                    const std::string& title);
  /// Stores the message, durably, behind the session's last one.
  Result<void> append_message(const std::string& session_id, const Message& message);
  /// All messages in their order. kDataLoss where a stored one cannot be read.
  Result<std::vector<Message>> history(const std::string& session_id);
  /// Adds to the session's stored totals.
  Result<void> update_session_tokens(const std::string& session_id, const Usage& added);

  void activate_mission_state(const std::string& session_id);
  void deactivate_mission_state(const std::string& session_id);
  bool is_mission_active(const std::string& session_id) const;
  /// Counts one more unusable answer in a row; the count.
  int record_anomaly(const std::string& session_id);
  void reset_anomaly(const std::string& session_id);

 private:
  struct Local {
    bool mission_active = false;
    int anomalies = 0;
    std::int64_t next_seq = 0;  ///< 0: not known yet
  };

  store::SessionRepository& sessions_;
  store::MessageRepository& messages_;
  const Clock& clock_;
  std::map<std::string, Local> local_;
};

}  // namespace oap::session
