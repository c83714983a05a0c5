#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "store/durability.hpp"

namespace oap::store {

/// One mission as a row: what lists and claims need, and in `body` all that its driver keeps. What
/// happened in it is in its events.
struct MissionRecord {
  std::string id;  ///< mis_…
  std::string session_id;
  std::string workspace;
  std::string objective;
  std::string state;      ///< planning, running, …; done, cancelled and failed are ends
  std::string waits_for;  ///< child, user, external, or empty
  std::string reason;
  std::int64_t epoch = 0;  ///< rises with every change of owner; guards every write
  std::int64_t seq = 0;    ///< of its newest event
  std::string owner;       ///< who drives it; empty: nobody
  WallTime lease_until;
  json::Object body;
  WallTime created_at;
  WallTime updated_at;
  std::optional<WallTime> ended_at;
};

struct MissionEventRow {
  std::int64_t seq = 0;
  WallTime at;
  std::string kind;  ///< started, turn_ended, evidence, child_started, …
  json::Value body;
};

/// Something a mission is told from outside: pause, stop, answer. Kept until it is taken in.
struct MissionOrder {
  std::string id;  ///< evt_…
  std::string mission_id;
  WallTime at;
  json::Value body;
};

/// One write of its owner: all of it, or nothing.
struct MissionWrite {
  std::string id;
  std::int64_t epoch = 0;
  WallTime at;
  std::vector<MissionEventRow> events;  ///< their `seq` is given here
  struct Change {
    std::string state;
    std::string waits_for;
    std::string reason;
    json::Object body;
    bool ended = false;
  };
  std::optional<Change> change;
  std::vector<std::string> taken;  ///< orders that have been taken in
  bool lets_go = false;            ///< nobody owns it after this
  Durability durability = Durability::kSync;
};

struct MissionClaim {
  std::string owner;
  WallTime now;
  WallTime lease_until;
  std::vector<std::string> dead;  ///< owners of which the caller knows that they are
};

struct MissionFilter {
  std::string workspace;
  std::string session_id;
  bool open_only = false;
  std::size_t limit = 100;
};

/// Missions of one tenant. Synchronous and thread-safe; each call is one transaction, on disk when
/// it returns (a write: as it asks). A
/// session has at most one open mission, a mission at most one owner, and every write of an owner
/// is fenced by its epoch: who is no longer the owner gets kFailedPrecondition and has changed
/// nothing.
class MissionRepository {
 public:
  virtual ~MissionRepository() = default;
  /// kAlreadyExists where the session has an open mission, or the id exists. With `owner` it
  /// belongs to it at once.
  virtual Result<void> create(const MissionRecord& mission,
                              const std::vector<MissionEventRow>& events) = 0;
  /// The number of the newest event.
  virtual Result<std::int64_t> write(const MissionWrite& write) = 0;
  /// Makes the caller the owner. kNotFound; kFailedPrecondition where it has ended, or another
  /// owner's lease runs and it is not among the dead.
  virtual Result<MissionRecord> claim(const std::string& id, const MissionClaim& claim) = 0;
  virtual Result<void> renew(const std::string& id, std::int64_t epoch, WallTime until) = 0;
  virtual Result<MissionRecord> find(const std::string& id) = 0;
  /// The full id that a unique prefix (with or without "mis_") stands for.
  virtual Result<std::string> resolve(const std::string& prefix) = 0;
  /// Newest first.
  virtual Result<std::vector<MissionRecord>> list(const MissionFilter& filter) = 0;
  /// After number `after`, rising; `kind` empty: all.
  virtual Result<std::vector<MissionEventRow>> events(const std::string& id, std::int64_t after,
                                                      std::size_t limit,
                                                      const std::string& kind = {}) = 0;
  /// kNotFound; kFailedPrecondition where it has ended.
  virtual Result<void> post(const MissionOrder& order) = 0;
  /// Oldest first.
  virtual Result<std::vector<MissionOrder>> orders(const std::string& id) = 0;
};

}  // namespace oap::store
