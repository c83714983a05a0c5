#include "session/session_manager.hpp"

#include "base/ids.hpp"

namespace oap::session {

SessionManager::SessionManager(store::SessionRepository& sessions,
                               store::MessageRepository& messages, const Clock& clock)
    : sessions_(sessions), messages_(messages), clock_(clock) {}

Result<std::string> SessionManager::start_session(const std::string& workspace,
                                                  const std::string& user_id,
                                                  const std::string& title) {
  store::SessionRecord record;
  record.id = new_id("ses_");
  record.workspace = workspace;
  record.user_id = user_id;
  record.title = title;
  record.created_at = record.updated_at = clock_.wall();
  if (auto created = sessions_.create(record); !created) {
    return fail(std::move(created).error());
  }
  return record.id;
}

Result<void> SessionManager::append_message(const std::string& session_id,
                                            const Message& message) {
  Local& local = local_[session_id];
  if (local.next_seq == 0) {
    OAP_TRY(local.next_seq, messages_.next_seq(session_id));
  }
  OAP_CHECK_OK(messages_.append(session_id, local.next_seq, to_json(message), clock_.wall()));
  ++local.next_seq;
  return {};
}

Result<std::vector<Message>> SessionManager::history(const std::string& session_id) {
  OAP_TRY(const std::vector<store::MessageRecord> records, messages_.list(session_id));
  std::vector<Message> history;
  for (const store::MessageRecord& record : records) {
    std::optional<Message> message = message_from_json(record.body);
    if (!message) {
      return fail(Code::kDataLoss, "message {} of session {} cannot be read", record.seq,
                  session_id);
    }
    history.push_back(*std::move(message));
  }
  return history;
}

Result<void> SessionManager::update_session_tokens(const std::string& session_id,
                                                   const Usage& added) {
  OAP_TRY(store::SessionRecord record, sessions_.find(session_id));
  store::SessionUpdate update;
  update.usage = record.usage;
  *update.usage += added;
  update.updated_at = clock_.wall();
  return sessions_.update(session_id, update);
}

void SessionManager::activate_mission_state(const std::string& session_id) {
  Local& local = local_[session_id];
  local.mission_active = true;
  local.anomalies = 0;
}

void SessionManager::deactivate_mission_state(const std::string& session_id) {
  local_[session_id].mission_active = false;
}

bool SessionManager::is_mission_active(const std::string& session_id) const {
  const auto found = local_.find(session_id);
  return found != local_.end() && found->second.mission_active;
}

int SessionManager::record_anomaly(const std::string& session_id) {
  return ++local_[session_id].anomalies;
}

void SessionManager::reset_anomaly(const std::string& session_id) {
  local_[session_id].anomalies = 0;
}

}  // namespace oap::session
