#include "store/sqlite/migrate.hpp"

#include <array>
#include <string_view>

#include "os/file.hpp"
#include "store/embedded.hpp"

namespace oap::store::sqlite {
namespace {

constexpr std::array<std::string_view, 4> kMigrations = {"0001_initial.sql", "0002_approvals.sql",
                                                         "0003_journal.sql", "0004_missions.sql"};

struct Identity {
  std::int64_t schema = 0;
  std::int64_t application = 0;
  bool write_ahead = false;
};

Result<Identity> identify(Database& database) {
  Identity identity;
  OAP_TRY(identity.schema, database.query_integer("PRAGMA user_version"));
  OAP_TRY(identity.application, database.query_integer("PRAGMA application_id"));
  OAP_TRY(const std::string journal, database.query_text("PRAGMA journal_mode"));
  identity.write_ahead = journal == "wal";
  return identity;
}

bool is_current(const Identity& identity) {
  return identity.schema == newest_schema() && identity.application == kApplicationId &&
         identity.write_ahead;
}

Result<void> check_identity(Database& database, const Identity& identity) {
  if (identity.application == kApplicationId) {
    if (identity.schema > newest_schema()) {
      return fail(Code::kFailedPrecondition,
                  "the state database {} has schema version {}, written by a newer oap; this one "
                  "knows versions up to {}. Use the newer oap, or another OPENCODE_DATA_PATH",
                  database.path(), identity.schema, newest_schema());
    }
    return {};
  }
  OAP_TRY(const std::int64_t tables, database.query_integer("SELECT count(*) FROM sqlite_schema"));
  if (identity.application != 0 || identity.schema != 0 || tables != 0) {
    return fail(Code::kFailedPrecondition,
                "{} is an SQLite file of another program, not oap's state database; move it away "
                "or set another OPENCODE_DATA_PATH",
                database.path());
  }
  return {};
}

Result<void> apply(Database& database, std::size_t version) {
  OAP_TRY(Transaction transaction, Transaction::begin(database));
  const std::string script(embedded(kMigrations[version - 1]));
  if (script.empty()) {
    return fail(Code::kInternal, "migration {} is not built in", kMigrations[version - 1]);
  }
  OAP_CHECK_OK(database.exec(script));
  OAP_CHECK_OK(database.exec(
      fmt::format("PRAGMA user_version={}; PRAGMA application_id={};", version, kApplicationId)));
  return transaction.commit();
}

}  // namespace

std::int64_t newest_schema() { return static_cast<std::int64_t>(kMigrations.size()); }

Result<void> migrate(Database& database) {
  OAP_TRY(Identity identity, identify(database));
  if (is_current(identity)) {
    return {};
  }
  const bool may_be_new = identity.application == 0 && identity.schema == 0;
  if (!may_be_new) {  // another process may be filling a new file: that is told apart under the
                      // lock
    OAP_CHECK_OK(check_identity(database, identity));
  }
  OAP_TRY(
      [[maybe_unused]] const os::FileLock lock,
      os::FileLock::acquire(database.path() + ".lock", Deadline::after(Database::kBusyTimeout)));
  OAP_TRY(identity, identify(database));
  OAP_CHECK_OK(check_identity(database, identity));
  if (!identity.write_ahead) {
    OAP_TRY(const std::string journal, database.query_text("PRAGMA journal_mode=WAL"));
    if (journal != "wal") {
      return fail(Code::kFailedPrecondition,
                  "the file system of {} does not support SQLite's write-ahead log; set "
                  "OPENCODE_DATA_PATH to a local disk",
                  database.path());
    }
  }
  for (auto version = identity.schema + 1; version <= newest_schema(); ++version) {
    OAP_CHECK_OK(apply(database, static_cast<std::size_t>(version)));
  }
  return {};
}

}  // namespace oap::store::sqlite
