#include "session/session_manager.hpp"

#include <optional>

#include "base/ids.hpp"
#include "session/history.hpp"

namespace oap::session {
namespace {

constexpr int kAppendTries = 5;

SessionState state_of(const store::SessionRecord& record) {
  SessionState state;
  state.id = record.id;
  state.workspace = record.workspace;
  state.user_id = record.user_id;
  state.title = record.title;
  state.model = record.model;
  state.usage = record.usage;
  const json::Value metadata = record.metadata;
  state.anomaly_count = static_cast<int>(json::get_int(metadata, "anomaly_count"));
  state.mission_active = json::get_bool(metadata, "mission_active");
  state.mission = json::get_string(metadata, "mission");
  return state;
}

json::Object metadata_of(const SessionState& state) {
  json::Object metadata;
  metadata["anomaly_count"] = state.anomaly_count;
  metadata["mission_active"] = state.mission_active;
  metadata["mission"] = state.mission;
  return metadata;
}

}  // namespace

SessionManager::SessionManager(store::SessionRepository& sessions,
                               store::MessageRepository& messages, const Clock& clock)
    : sessions_(sessions), messages_(messages), clock_(clock) {}

Result<SessionState> SessionManager::ensure_session(const SessionStart& start) {
  const std::lock_guard lock(mutex_);
  return start.mode == SessionStart::Mode::kNew ? create(start) : resume(start);
}

Result<SessionState> SessionManager::create(const SessionStart& start) {
  store::SessionRecord record;
  record.id = new_id("ses_");
  record.workspace = start.workspace;
  record.user_id = start.user_id;
  record.title = start.title;
  record.model = start.model;
  record.created_at = clock_.wall();
  record.updated_at = record.created_at;
  OAP_CHECK_OK(sessions_.create(record));
  SessionState state = state_of(record);
  states_[state.id] = state;
  return state;
}

Result<SessionState> SessionManager::resume(const SessionStart& start) {
  std::optional<store::SessionRecord> record;
  if (start.mode == SessionStart::Mode::kContinueId) {
    OAP_TRY(const std::string id, sessions_.resolve(start.id));
    OAP_TRY(record, sessions_.find(id));
  } else {
    OAP_TRY(record, sessions_.newest(start.workspace));
  }
  if (!record) {
    return fail(Code::kNotFound, "there is no session to continue in {}", start.workspace);
  }
  SessionState state = state_of(*record);
  OAP_TRY(const std::vector<Message> stored, load(state.id));
  const std::vector<Message> closed = close_open_calls(stored);
  // Only what is missing at the end can be appended; history() mends the rest each time.
  if (closed.size() == stored.size() + 1) {
    OAP_CHECK_OK(append(state.id, closed.back()));
  }
  if (!start.model.empty() && start.model != state.model) {
    state.model = start.model;
    store::SessionUpdate update;
    update.model = start.model;
    update.updated_at = clock_.wall();
    OAP_CHECK_OK(sessions_.update(state.id, update));
  }
  states_[state.id] = state;
  return state;
}

Result<void> SessionManager::append_message(const std::string& id, const Message& message) {
  const std::lock_guard lock(mutex_);
  OAP_TRY([[maybe_unused]] const SessionState* state, find(id));
  return append(id, message);
}

Result<void> SessionManager::append(const std::string& id, const Message& message) {
  const json::Value body = to_json(message);
  for (int attempt = 1;; ++attempt) {
    OAP_TRY(const std::int64_t seq, messages_.next_seq(id));
    Result<void> done = messages_.append(id, seq, body, clock_.wall());
    // Another process continued the same session between the two calls.
    if (done || done.error().code() != Code::kAlreadyExists || attempt == kAppendTries) {
      return done;
    }
  }
}

Result<std::vector<Message>> SessionManager::load(const std::string& id) {
  OAP_TRY(const std::vector<store::MessageRecord> records, messages_.list(id));
  std::vector<Message> messages;
  messages.reserve(records.size());
  for (const store::MessageRecord& record : records) {
    std::optional<Message> message = message_from_json(record.body);
    if (!message) {
      return fail(Code::kDataLoss, "message {} of session {} cannot be read", record.seq, id);
    }
    messages.push_back(*std::move(message));
  }
  return messages;
}

Result<std::vector<Message>> SessionManager::history(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY([[maybe_unused]] const SessionState* state, find(id));
  OAP_TRY(std::vector<Message> messages, load(id));
  return close_open_calls(std::move(messages));
}

Result<SessionState*> SessionManager::find(const std::string& id) {
  auto found = states_.find(id);
  if (found == states_.end()) {
    OAP_TRY(const store::SessionRecord record, sessions_.find(id));
    found = states_.emplace(id, state_of(record)).first;
  }
  return &found->second;
}

Result<void> SessionManager::save(const SessionState& state, const Usage* usage) {
  store::SessionUpdate update;
  if (usage != nullptr) {
    update.usage = *usage;
  } else {
    update.metadata = metadata_of(state);
  }
  update.updated_at = clock_.wall();
  return sessions_.update(state.id, update);
}

Result<Usage> SessionManager::update_session_tokens(const std::string& id, const Usage& added) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(SessionState* const state, find(id));
  Usage total = state->usage;
  total += added;
  OAP_CHECK_OK(save(*state, &total));
  state->usage = total;
  return total;
}

Result<SessionState> SessionManager::state(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const state, find(id));
  return *state;
}

Result<int> SessionManager::record_anomaly(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(SessionState* const state, find(id));
  SessionState changed = *state;
  ++changed.anomaly_count;
  OAP_CHECK_OK(save(changed, nullptr));
  *state = changed;
  return changed.anomaly_count;
}

Result<void> SessionManager::reset_anomaly(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(SessionState* const state, find(id));
  if (state->anomaly_count == 0) {
    return {};
  }
  SessionState changed = *state;
  changed.anomaly_count = 0;
  OAP_CHECK_OK(save(changed, nullptr));
  *state = changed;
  return {};
}

Result<void> SessionManager::activate_mission_state(const std::string& id, std::string mission) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(SessionState* const state, find(id));
  SessionState changed = *state;
  changed.mission_active = true;
  changed.mission = std::move(mission);
  changed.anomaly_count = 0;
  OAP_CHECK_OK(save(changed, nullptr));
  *state = changed;
  return {};
}

Result<bool> SessionManager::is_mission_active(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const state, find(id));
  return state->mission_active;
}

Result<void> SessionManager::deactivate_mission_state(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(SessionState* const state, find(id));
  SessionState changed = *state;
  changed.mission_active = false;
  OAP_CHECK_OK(save(changed, nullptr));
  *state = changed;
  return {};
}

}  // namespace oap::session
