#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "config/config.hpp"

namespace oap::platform {

/// The sessions of other hosts that a daemon has seen: who began them, what they used up, and which
/// of their calls were allowed. Bounded: the least used are forgotten. A session's usage counts for
/// those that began it too. Pure; of one thread.
class HostSessions {
 public:
  explicit HostSessions(std::size_t most = 4'096) : most_(most) {}

  struct Usage {
    std::int64_t tokens = 0;
    double cost_usd = 0;
  };
  /// What is to outlive the daemon of one session.
  struct Entry {
    std::string workspace;
    std::string session;
    std::string parent;  ///< of the same workspace; empty: none
    Usage usage;
  };
  /// Told of every change of an entry.
  void set_listener(std::function<void(const Entry& entry)> listener) {
    listener_ = std::move(listener);
  }
  /// Puts an entry of before in its place, without telling of it.
  void restore(const Entry& entry);

  void note(const std::string& workspace, const std::string& session, const std::string& parent);
  void allow(const std::string& workspace, const std::string& session, const std::string& call);
  bool was_allowed(const std::string& workspace, const std::string& session,
                   const std::string& call) const;
  void add(const std::string& workspace, const std::string& session, Usage usage);
  /// Why a session, or one that began it, may not go on; nothing where it may.
  std::optional<std::string> spent(const std::string& workspace, const std::string& session,
                                   const config::Missions& limits) const;
  std::size_t size() const { return sessions_.size(); }

 private:
  struct Session {
    std::string parent;
    Usage usage;
    std::list<std::string> allowed;  ///< calls, the newest first
    std::list<std::string>::iterator place;
  };
  static std::string key(const std::string& workspace, const std::string& session);
  Session& touch(const std::string& key);
  void tell(const std::string& key, const Session& session) const;

  std::size_t most_;
  std::map<std::string, Session, std::less<>> sessions_;
  std::list<std::string> order_;  ///< keys, the one used last is the first
  std::function<void(const Entry& entry)> listener_;
};

}  // namespace oap::platform
