#include "session/session_manager.hpp"

#include <algorithm>
#include <optional>

#include "base/ids.hpp"
#include "session/history.hpp"

namespace oap::session {
namespace {

constexpr int kAppendTries = 5;

constexpr std::string_view kOwnKeys[] = {"anomaly_count", "mission_active", "mission",
                                         "current_task",  "forked_from",    "forked_at",
                                         "compacted_at",  "kept_from"};

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
  state.current_task = json::get_string(metadata, "current_task");
  state.forked_from = json::get_string(metadata, "forked_from");
  state.forked_at = json::get_int(metadata, "forked_at");
  state.compacted_at = json::get_int(metadata, "compacted_at");
  state.kept_from = json::get_int(metadata, "kept_from");
  state.others = record.metadata;
  for (const std::string_view key : kOwnKeys) {
    state.others.erase(key);
  }
  return state;
}

json::Object metadata_of(const SessionState& state) {
  json::Object metadata = state.others;
  metadata["anomaly_count"] = state.anomaly_count;
  metadata["mission_active"] = state.mission_active;
  metadata["mission"] = state.mission;
  const auto put = [&metadata](const char* key, const auto& value, bool present) {
    if (present) {
      metadata[key] = value;
    }
  };
  put("current_task", state.current_task, !state.current_task.empty());
  put("forked_from", state.forked_from, !state.forked_from.empty());
  put("forked_at", state.forked_at, state.forked_at != 0);
  put("compacted_at", state.compacted_at, state.compacted_at != 0);
  put("kept_from", state.kept_from, state.kept_from != 0);
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
  OAP_CHECK_OK(close_last_call(state.id));
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

Result<void> SessionManager::append_message(const std::string& id, const Message& message,
                                            store::Durability durability) {
  const std::lock_guard lock(mutex_);
  OAP_TRY([[maybe_unused]] const SessionState* state, find(id));
  OAP_TRY([[maybe_unused]] const std::int64_t seq, append_row(id, to_json(message), durability));
  return {};
}

Result<std::int64_t> SessionManager::append_row(const std::string& id, const json::Value& body,
                                                store::Durability durability) {
  for (int attempt = 1;; ++attempt) {
    OAP_TRY(const std::int64_t seq, messages_.next_seq(id));
    const Result<void> done = messages_.append(id, seq, body, clock_.wall(), durability);
    if (done) {
      return seq;
    }
    // Another process continued the same session between the two calls.
    if (done.error().code() != Code::kAlreadyExists || attempt == kAppendTries) {
      return fail(done.error());
    }
  }
}

/// Only what is missing at the end can be appended; history() mends the rest each time.
Result<void> SessionManager::close_last_call(const std::string& id) {
  OAP_TRY(const std::int64_t next, messages_.next_seq(id));
  OAP_TRY(const std::vector<StoredMessage> last, rows(id, next - 1));
  if (last.empty() || !last.back().message) {
    return {};
  }
  const std::vector<Message> closed = close_open_calls({*last.back().message});
  const bool is_open = last.back().message->role == MessageRole::kAssistant && closed.size() == 2;
  if (is_open) {
    OAP_TRY([[maybe_unused]] const std::int64_t seq, append_row(id, to_json(closed.back())));
  }
  return {};
}

Result<std::vector<StoredMessage>> SessionManager::rows(const std::string& id, std::int64_t from) {
  OAP_TRY(std::vector<store::MessageRecord> records, messages_.list(id, from));
  std::vector<StoredMessage> stored;
  stored.reserve(records.size());
  for (store::MessageRecord& record : records) {
    StoredMessage row{record.seq, record.created_at, message_from_json(record.body), std::nullopt};
    if (!row.message) {
      row.compaction = compaction_from_json(record.body);
    }
    if (!row.message && !row.compaction) {
      return fail(Code::kDataLoss, "message {} of session {} cannot be read", record.seq, id);
    }
    stored.push_back(std::move(row));
  }
  return stored;
}

Result<std::vector<StoredMessage>> SessionManager::records(const std::string& id,
                                                           std::int64_t from) {
  const std::lock_guard lock(mutex_);
  OAP_TRY([[maybe_unused]] const SessionState* state, find(id));
  return rows(id, from);
}

Result<std::vector<Message>> SessionManager::load(const SessionState& state) {
  const bool compacted = state.compacted_at != 0;
  const std::int64_t first = compacted ? std::min(state.compacted_at, state.kept_from) : 0;
  OAP_TRY(std::vector<StoredMessage> stored, rows(state.id, first));
  std::vector<Message> messages;
  messages.reserve(stored.size());
  for (const StoredMessage& row : stored) {
    if (row.compaction && row.seq == state.compacted_at) {
      messages.push_back(row.compaction->summary);
    }
  }
  for (StoredMessage& row : stored) {
    if (row.message && (!compacted || row.seq >= state.kept_from)) {
      messages.push_back(*std::move(row.message));
    }
  }
  return messages;
}

Result<std::vector<Message>> SessionManager::history(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const state, find(id));
  OAP_TRY(std::vector<Message> messages, load(*state));
  return close_open_calls(std::move(messages));
}

/// The number of the first of the newest `kept` messages.
Result<std::int64_t> SessionManager::first_of_newest(const std::string& id, std::size_t kept) {
  OAP_TRY(const std::int64_t next, messages_.next_seq(id));
  constexpr std::int64_t kCompactionsBetween = 16;
  const auto wanted = static_cast<std::int64_t>(kept);
  if (kept == 0) {
    return next;
  }
  for (std::int64_t from = next - wanted - kCompactionsBetween;; from -= next) {
    OAP_TRY(const std::vector<StoredMessage> stored, rows(id, std::max<std::int64_t>(from, 0)));
    std::size_t seen = 0;
    for (auto row = stored.rbegin(); row != stored.rend(); ++row) {
      seen += row->message ? 1U : 0U;
      if (seen == kept) {
        return row->seq;
      }
    }
    if (from <= 0) {
      return fail(Code::kInvalidArgument, "session {} has no {} messages to keep", id, kept);
    }
  }
}

Result<void> SessionManager::compact(const std::string& id, Compaction compaction,
                                     std::size_t kept) {
  const std::lock_guard lock(mutex_);
  OAP_TRY([[maybe_unused]] const SessionState* state, find(id));
  OAP_TRY(const std::int64_t first, first_of_newest(id, kept));
  compaction.kept_from = first;
  OAP_TRY(const std::int64_t seq, append_row(id, to_json(compaction)));
  return change(id, [&](SessionState& changed) {
    changed.compacted_at = seq;
    changed.kept_from = kept == 0 ? seq : first;
  });
}

Result<SessionState> SessionManager::fork(const std::string& id, std::int64_t at) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const origin, find(id));
  OAP_TRY(const std::vector<StoredMessage> stored, rows(id, 0));
  std::int64_t last = at == 0 && !stored.empty() ? stored.back().seq : at;
  const auto found = std::find_if(stored.begin(), stored.end(),
                                  [last](const StoredMessage& row) { return row.seq == last; });
  if (found == stored.end()) {
    return fail(Code::kInvalidArgument, "session {} has no message {}{}", id, at,
                stored.empty()
                    ? std::string(": it is empty")
                    : fmt::format("; it has {} to {}", stored.front().seq, stored.back().seq));
  }
  const auto after = std::next(found);
  const bool calls = found->message && !found->message->tool_uses().empty();
  if (calls && after != stored.end() && after->message) {
    last = after->seq;
  }
  store::SessionRecord record;
  record.id = new_id("ses_");
  record.workspace = origin->workspace;
  record.user_id = origin->user_id;
  record.title = origin->title;
  record.model = origin->model;
  record.created_at = clock_.wall();
  record.updated_at = record.created_at;
  SessionState state = state_of(record);
  state.forked_from = id;
  state.forked_at = last;
  for (const StoredMessage& row : stored) {
    if (row.compaction && row.seq <= last) {
      state.compacted_at = row.seq;
      state.kept_from = std::min(row.compaction->kept_from, row.seq);
    }
  }
  record.metadata = metadata_of(state);
  OAP_CHECK_OK(sessions_.create(record));
  OAP_TRY([[maybe_unused]] const std::int64_t copied, messages_.copy(id, record.id, last));
  states_[state.id] = state;
  return state;
}

Result<std::int64_t> SessionManager::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const state, find(id));
  if (state->mission_active) {
    return fail(Code::kFailedPrecondition, "the mission of session {} is active; stop it first",
                id);
  }
  OAP_TRY(const std::int64_t messages, sessions_.remove(id));
  states_.erase(id);
  return messages;
}

Result<std::string> SessionManager::resolve(const std::string& prefix) {
  return sessions_.resolve(prefix);
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

/// Changes the stored state first, then the one in memory. The caller holds the mutex.
Result<void> SessionManager::change(const std::string& id,
                                    const std::function<void(SessionState&)>& how) {
  OAP_TRY(SessionState* const state, find(id));
  SessionState changed = *state;
  how(changed);
  OAP_CHECK_OK(save(changed, nullptr));
  *state = std::move(changed);
  return {};
}

Result<int> SessionManager::record_anomaly(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_CHECK_OK(change(id, [](SessionState& state) { ++state.anomaly_count; }));
  OAP_TRY(const SessionState* const state, find(id));
  return state->anomaly_count;
}

Result<void> SessionManager::reset_anomaly(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const state, find(id));
  if (state->anomaly_count == 0) {
    return {};
  }
  return change(id, [](SessionState& changed) { changed.anomaly_count = 0; });
}

Result<void> SessionManager::update_current_task(const std::string& id, std::string task) {
  const std::lock_guard lock(mutex_);
  return change(id, [&](SessionState& state) { state.current_task = std::move(task); });
}

Result<void> SessionManager::activate_mission_state(const std::string& id, std::string mission) {
  const std::lock_guard lock(mutex_);
  return change(id, [&](SessionState& state) {
    state.mission_active = true;
    state.mission = std::move(mission);
    state.anomaly_count = 0;
  });
}

Result<bool> SessionManager::is_mission_active(const std::string& id) {
  const std::lock_guard lock(mutex_);
  OAP_TRY(const SessionState* const state, find(id));
  return state->mission_active;
}

Result<void> SessionManager::deactivate_mission_state(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return change(id, [](SessionState& state) { state.mission_active = false; });
}

}  // namespace oap::session
