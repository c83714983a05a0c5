#pragma once

#include <memory>

#include "store/message_repository.hpp"
#include "store/session_repository.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// Sessions in SQLite.
class Sessions final : public SessionRepository {
 public:
  Sessions(Database& database, std::string tenant)
      : database_(database), tenant_(std::move(tenant)) {}

  Result<void> create(const SessionRecord& session) override;
  Result<SessionRecord> find(const std::string& id) override;
  Result<std::string> resolve(const std::string& prefix) override;
  Result<std::optional<SessionRecord>> newest(const std::string& workspace) override;
  Result<void> update(const std::string& id, const SessionUpdate& update) override;
  Result<std::vector<SessionRecord>> list(const SessionFilter& filter) override;
  Result<std::int64_t> remove(const std::string& id) override;

 private:
  Database& database_;
  std::string tenant_;
};

/// Messages in SQLite.
class Messages final : public MessageRepository {
 public:
  Messages(Database& database, std::string tenant)
      : database_(database), tenant_(std::move(tenant)) {}

  Result<void> append(const std::string& session_id, std::int64_t seq, const json::Value& body,
                      WallTime at, Durability durability) override;
  void when_durable(Done done) override;
  Result<std::vector<MessageRecord>> list(const std::string& session_id,
                                          std::int64_t from_seq) override;
  Result<std::map<std::string, std::int64_t>> counts(
      const std::vector<std::string>& session_ids) override;
  Result<std::int64_t> copy(const std::string& from, const std::string& to,
                            std::int64_t last) override;
  Result<std::int64_t> next_seq(const std::string& session_id) override;

 private:
  Database& database_;
  std::string tenant_;
};

}  // namespace oap::store::sqlite
