#include "platform/host_sessions.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace oap::platform {
namespace {

constexpr std::size_t kMostCalls = 256;
constexpr std::size_t kMostDepth = 32;

}  // namespace

std::string HostSessions::key(const std::string& workspace, const std::string& session) {
  return workspace + '\0' + session;
}

HostSessions::Session& HostSessions::touch(const std::string& key) {
  auto found = sessions_.find(key);
  if (found != sessions_.end()) {
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second;
  }
  if (sessions_.size() >= most_) {
    sessions_.erase(order_.back());
    order_.pop_back();
  }
  order_.push_front(key);
  found = sessions_.emplace(key, Session()).first;
  found->second.place = order_.begin();
  return found->second;
}

void HostSessions::tell(const std::string& key, const Session& session) const {
  if (!listener_) {
    return;
  }
  const auto split = [](const std::string& text) {
    const std::size_t at = text.find('\0');
    return at == std::string::npos ? std::pair<std::string, std::string>()
                                   : std::pair(text.substr(0, at), text.substr(at + 1));
  };
  auto [workspace, name] = split(key);
  listener_({std::move(workspace), std::move(name), split(session.parent).second, session.usage});
}

void HostSessions::restore(const Entry& entry) {
  Session& known = touch(key(entry.workspace, entry.session));
  known.usage = entry.usage;
  known.parent = entry.parent.empty() ? "" : key(entry.workspace, entry.parent);
}

void HostSessions::note(const std::string& workspace, const std::string& session,
                        const std::string& parent) {
  Session& known = touch(key(workspace, session));
  const std::string begun = parent == session ? "" : key(workspace, parent);
  if (!parent.empty() && !begun.empty() && known.parent != begun) {
    known.parent = begun;
    tell(key(workspace, session), known);
  }
}

void HostSessions::allow(const std::string& workspace, const std::string& session,
                         const std::string& call) {
  if (call.empty()) {
    return;
  }
  Session& known = touch(key(workspace, session));
  known.allowed.push_front(call);
  if (known.allowed.size() > kMostCalls) {
    known.allowed.pop_back();
  }
}

bool HostSessions::was_allowed(const std::string& workspace, const std::string& session,
                               const std::string& call) const {
  const auto found = sessions_.find(key(workspace, session));
  return !call.empty() && found != sessions_.end() &&
         std::find(found->second.allowed.begin(), found->second.allowed.end(), call) !=
             found->second.allowed.end();
}

void HostSessions::add(const std::string& workspace, const std::string& session, Usage usage) {
  std::string at = key(workspace, session);
  std::set<std::string> seen;
  while (!at.empty() && seen.size() < kMostDepth && seen.insert(at).second) {
    Session& known = touch(at);
    known.usage.tokens += usage.tokens;
    known.usage.cost_usd += usage.cost_usd;
    tell(at, known);
    at = known.parent;
  }
}

std::optional<std::string> HostSessions::spent(const std::string& workspace,
                                               const std::string& session,
                                               const config::Missions& limits) const {
  // The number that is built in is meant for missions of our own.
  const bool has_tokens =
      limits.max_tokens > 0 && limits.max_tokens != config::Missions().max_tokens;
  std::string at = key(workspace, session);
  for (std::size_t depth = 0; depth < kMostDepth && !at.empty(); ++depth) {
    const auto found = sessions_.find(at);
    if (found == sessions_.end()) {
      break;
    }
    const Usage& used = found->second.usage;
    if (has_tokens && used.tokens >= limits.max_tokens) {
      return fmt::format(
          "the session has used {} tokens and may use {} (orchestration.missions.max_tokens); "
          "raise it to go on",
          used.tokens, limits.max_tokens);
    }
    if (limits.max_cost_usd.value_or(0) > 0 && used.cost_usd >= *limits.max_cost_usd) {
      return fmt::format(
          "the session has cost ${:.4f} and may cost ${:.4f} "
          "(orchestration.missions.max_cost_usd); raise it to "
          "go on",
          used.cost_usd, *limits.max_cost_usd);
    }
    at = found->second.parent;
  }
  return std::nullopt;
}

}  // namespace oap::platform
