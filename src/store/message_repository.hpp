#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "store/durability.hpp"

namespace oap::store {

struct MessageRecord {
  std::int64_t seq = 0;
  json::Value body;
  WallTime created_at;
};

/// The messages of one tenant's sessions, append-only. Synchronous and thread-safe; one append is
/// one transaction, on disk when it returns unless it says otherwise. Many sessions share a sync:
/// each appends kWritten, and waits with `when_durable` where somebody is to be told.
class MessageRepository {
 public:
  virtual ~MessageRepository() = default;
  /// kAlreadyExists where another writer has used `seq`; kNotFound where there is no such session.
  virtual Result<void> append(const std::string& session_id, std::int64_t seq,
                              const json::Value& body, WallTime at,
                              Durability durability = Durability::kSync) = 0;
  /// Calls `done` once all that was written to the store before this call is on disk, from a thread
  /// of the store's (or at once, where that is known to have failed). It must not block or throw.
  /// An Error: nobody knows what of it is on disk, and the store takes nothing more.
  using Done = std::function<void(Result<void>)>;
  virtual void when_durable(Done done) = 0;
  /// By rising seq, from `from_seq` on.
  virtual Result<std::vector<MessageRecord>> list(const std::string& session_id,
                                                  std::int64_t from_seq = 0) = 0;
  /// How many messages each of the sessions has, in one query; those without are left out.
  virtual Result<std::map<std::string, std::int64_t>> counts(
      const std::vector<std::string>& session_ids) = 0;
  /// Copies the messages up to number `last` into a session that has none; how many.
  virtual Result<std::int64_t> copy(const std::string& from, const std::string& to,
                                    std::int64_t last) = 0;
  /// The seq that the next append should use: one above the highest, 1 for an empty session.
  virtual Result<std::int64_t> next_seq(const std::string& session_id) = 0;
};

}  // namespace oap::store
