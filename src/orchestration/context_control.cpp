#include "orchestration/context_control.hpp"

#include <utility>

namespace oap::orchestration {
namespace {

constexpr std::size_t kMostSessions = 4'096;

}  // namespace

const ContextControl::State* ContextControl::find(const std::string& session) const {
  const auto found = states_.find(session);
  return found == states_.end() ? nullptr : &found->second;
}

void ContextControl::reported(const std::string& session, std::int64_t tokens,
                              std::int64_t window) {
  const std::lock_guard lock(mutex_);
  if (states_.size() >= kMostSessions && !states_.contains(session)) {
    states_.erase(states_.begin());
  }
  State& state = states_[session];
  state.tokens = tokens;
  state.added = 0;
  state.window = window;
  if (state.fresh) {
    state.fresh = false;
    state.after = tokens;
  }
}

void ContextControl::added(const std::string& session, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(session);
  if (found != states_.end()) {
    constexpr std::size_t kBytesPerToken = 4;
    found->second.added += static_cast<std::int64_t>(bytes / kBytesPerToken);
  }
}

bool ContextControl::is_due(const std::string& session) const {
  const std::lock_guard lock(mutex_);
  const State* const state = find(session);
  if (state == nullptr || state->window <= 0 || state->fresh) {
    return false;
  }
  const auto window = static_cast<double>(state->window);
  const std::int64_t now = state->tokens + state->added;
  if (static_cast<double>(now) < limits_.share * window) {
    return false;
  }
  const bool has_grown = static_cast<double>(now - state->after) >= limits_.growth * window;
  const bool is_long_ago = clock_.steady() - state->when >= limits_.cooldown;
  return !state->was_compacted || has_grown || is_long_ago;
}

void ContextControl::request(const std::string& session) {
  const std::lock_guard lock(mutex_);
  states_[session].requested = true;
}

bool ContextControl::take_request(const std::string& session) {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(session);
  return found != states_.end() && std::exchange(found->second.requested, false);
}

void ContextControl::compacted(const std::string& session) {
  const std::lock_guard lock(mutex_);
  State& state = states_[session];
  state.tokens = 0;
  state.added = 0;
  state.requested = false;
  state.was_compacted = true;
  state.fresh = true;
  state.when = clock_.steady();
}

std::int64_t ContextControl::tokens(const std::string& session) const {
  const std::lock_guard lock(mutex_);
  const State* const state = find(session);
  return state == nullptr ? 0 : state->tokens + state->added;
}

std::int64_t ContextControl::window(const std::string& session) const {
  const std::lock_guard lock(mutex_);
  const State* const state = find(session);
  return state == nullptr ? 0 : state->window;
}

}  // namespace oap::orchestration
