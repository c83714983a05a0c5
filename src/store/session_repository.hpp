#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "model/message.hpp"

namespace oap::store {

/// One conversation in one workspace.
struct SessionRecord {
  std::string id;  ///< ses_…
  std::string workspace;
  std::string user_id;
  std::string title;
  std::string model;  ///< provider/model
  std::string status = "active";
  Usage usage;
  json::Object metadata;
  WallTime created_at;
  WallTime updated_at;
};

/// What changes in a session; what is not set stays.
struct SessionUpdate {
  std::optional<std::string> status;
  std::optional<std::string> title;
  std::optional<std::string> model;
  std::optional<Usage> usage;  ///< the new total, not an increment
  std::optional<json::Object> metadata;
  WallTime updated_at;
};

struct SessionFilter {
  std::string workspace;  ///< empty: any
  std::size_t limit = 100;
};

/// Sessions of one tenant. Synchronous and thread-safe; each call is one transaction.
class SessionRepository {
 public:
  virtual ~SessionRepository() = default;
  /// kAlreadyExists where the id is taken.
  virtual Result<void> create(const SessionRecord& session) = 0;
  virtual Result<SessionRecord> find(const std::string& id) = 0;
  /// The full id that a unique prefix (with or without "ses_") stands for; kNotFound, or
  /// kInvalidArgument naming candidates where several match.
  virtual Result<std::string> resolve(const std::string& prefix) = 0;
  /// The session of this workspace that was changed last; nothing where there is none.
  virtual Result<std::optional<SessionRecord>> newest(const std::string& workspace) = 0;
  virtual Result<void> update(const std::string& id, const SessionUpdate& update) = 0;
  /// Last changed first.
  virtual Result<std::vector<SessionRecord>> list(const SessionFilter& filter) = 0;
  /// Removes the session with its messages and tasks; how many messages those were. kNotFound.
  virtual Result<std::int64_t> remove(const std::string& id) = 0;
};

}  // namespace oap::store
