#include "store/sqlite/database.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/migrate.hpp"

namespace oap::store::sqlite {
namespace {

std::int64_t to_millis(WallTime at) {
  return std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
}

/// Makes an empty file with the right mode. An existing file is not opened here: closing a second
/// descriptor would drop the POSIX locks that another connection of this process holds on it.
Result<void> make_file(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) == 0) {
    if (!S_ISREG(info.st_mode)) {
      return fail(Code::kFailedPrecondition, "the state database {} is not a file", path);
    }
    return {};
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) {
    ::close(fd);
    return {};
  }
  if (errno == EEXIST) {
    return {};
  }
  return fail(Code::kFailedPrecondition, "cannot make the state database {}: {}", path,
              std::strerror(errno));
}

}  // namespace

Statement::Statement(Database& database, sqlite3_stmt* handle, sqlite3_stmt** place)
    : database_(&database), handle_(handle), place_(place) {}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      handle_(std::exchange(other.handle_, nullptr)),
      place_(other.place_),
      bind_error_(other.bind_error_) {}

Statement::~Statement() {
  if (handle_ != nullptr) {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
    if (place_ != nullptr) {
      *place_ = handle_;
    } else {
      sqlite3_finalize(handle_);
    }
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);
  bind_error_ = SQLITE_OK;
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) {
    return fail(database_->error(bind_error_));
  }
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return fail(database_->error(code));
}

Result<std::int64_t> Statement::run() {
  while (true) {
    OAP_TRY(const bool row, step());
    if (!row) {
      return database_->changes();
    }
  }
}

bool Statement::only_reads() const { return sqlite3_stmt_readonly(handle_) != 0; }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }

std::string_view Statement::text(int column) const {
  const void* bytes = sqlite3_column_text(handle_, column);
  if (bytes == nullptr) {
    return {};
  }
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  if (data == nullptr) {
    return {};
  }
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

WallTime Statement::time(int column) const { return WallTime(Millis(integer(column))); }

std::optional<WallTime> Statement::maybe_time(int column) const {
  return is_null(column) ? std::nullopt : std::optional(time(column));
}

void Statement::bind_one(int index, std::int64_t value) {
  bind_error_ |= sqlite3_bind_int64(handle_, index, value);
}

void Statement::bind_one(int index, double value) {
  bind_error_ |= sqlite3_bind_double(handle_, index, value);
}

void Statement::bind_one(int index, std::string_view value) {
  const char* bytes = value.data() == nullptr ? "" : value.data();
  bind_error_ |= sqlite3_bind_text64(handle_, index, bytes, value.size(),
                                     borrows_ ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind_one(int index, Bytes value) {
  const char* bytes = value.data.data() == nullptr ? "" : value.data.data();
  bind_error_ |= sqlite3_bind_blob64(handle_, index, bytes, value.data.size(),
                                     borrows_ ? SQLITE_STATIC : SQLITE_TRANSIENT);
}

void Statement::bind_one(int index, WallTime value) { bind_one(index, to_millis(value)); }

void Statement::bind_one(int index, std::nullopt_t) {
  bind_error_ |= sqlite3_bind_null(handle_, index);
}

Database::Database(std::string path, sqlite3* handle)
    : path_(std::move(path)), handle_(handle), wal_(std::make_unique<WalSync>(path_ + "-wal")) {}

Database::~Database() {
  wal_.reset();  // the last connection to close takes the file away
  for (const auto& [sql, statement] : idle_) {
    sqlite3_finalize(statement);
  }
  sqlite3_close_v2(handle_);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  static const int kQuick =
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // else a lock an allocation
  (void)kQuick;  // refused where SQLite is in use already: only slower
  OAP_CHECK_OK(make_file(path));
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) {
    return fail(database->error(code));
  }
  sqlite3_busy_timeout(handle, static_cast<int>(kBusyTimeout.count()));
  OAP_CHECK_OK(database->settle());
  OAP_CHECK_OK(migrate(*database));
  return database;
}

Result<void> Database::check(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  const std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) {
    return fail(database->error(code));
  }
  sqlite3_busy_timeout(handle, static_cast<int>(kBusyTimeout.count()));
  OAP_TRY(const std::string found, database->query_text("PRAGMA quick_check(1)"));
  return found == "ok" ? Result<void>() : fail(database->damaged(found));
}

Result<void> Database::settle() {
  return exec(
      "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
      "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=4000;");
}

Result<void> Database::exec(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return fail(error(code));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  OAP_TRY(Statement statement, find_or_prepare(sql));
  if (wal_->has_failed() && !statement.only_reads()) {
    return fail(wal_->failure());
  }
  return statement;
}

Result<Statement> Database::find_or_prepare(std::string_view sql) {
  const auto found = idle_.find(sql);
  if (found != idle_.end() && found->second != nullptr) {
    return Statement(*this, std::exchange(found->second, nullptr), &found->second);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return fail(error(code));
  }
  const bool on_loan = found != idle_.end();
  return Statement(*this, statement, on_loan ? nullptr : &idle_[std::string(sql)]);
}

Result<std::int64_t> Database::query_integer(std::string_view sql) {
  OAP_TRY(Statement statement, prepare(sql));
  OAP_TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Result<std::string> Database::query_text(std::string_view sql) {
  OAP_TRY(Statement statement, prepare(sql));
  OAP_TRY(const bool row, statement.step());
  return row ? statement.string(0) : std::string();
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

/// A fault of this machine, which no waiting mends and no other machine has.
Error Database::io_error(int system_error, std::string_view what) const {
  switch (system_error) {
    case ENOSPC:
    case EDQUOT:
      return no_space(system_error);
    case EFBIG:
      return {Code::kResourceExhausted,
              fmt::format("the state database {} would become larger than a file may be here "
                          "(ulimit -f); raise the limit and try again",
                          path_)};
    case EROFS:
    case EACCES:
    case EPERM:
      return {Code::kFailedPrecondition,
              fmt::format("the state database {} cannot be written ({}); make its folder writable, "
                          "or set OPENCODE_DATA_PATH",
                          path_, std::strerror(system_error))};
    default:
      return {Code::kFailedPrecondition,
              fmt::format("reading or writing the state database {} failed ({}{}{}); check the "
                          "disk, or set OPENCODE_DATA_PATH to a place on another",
                          path_, what, system_error == 0 ? "" : ": ",
                          system_error == 0 ? "" : std::strerror(system_error))};
  }
}

Error Database::damaged(std::string_view what) const {
  return {Code::kDataLoss,
          fmt::format("the state database {0} is damaged ({1}). Move it away together with "
                      "{0}-wal and {0}-shm and start again: a new one is made. The audit log "
                      "is kept apart and is not affected",
                      path_, what)};
}

Error Database::no_space(int system_error) const {
  return {Code::kResourceExhausted,
          system_error == EDQUOT
              ? fmt::format("no space left in the quota of the state database {}; make room and "
                            "try again",
                            path_)
              : fmt::format("no space left on the device of the state database {}; make room and "
                            "try again",
                            path_)};
}

Error Database::error(int code) const {
  const std::string what = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  switch (code) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
      return {Code::kAlreadyExists, "already in the state database: " + what};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Code::kNotFound, "what this belongs to is not in the state database " + path_};
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::kUnavailable,
              fmt::format("the state database {} has been held by another process for {} s; try "
                          "again",
                          path_, kBusyTimeout.count() / 1000)};
    case SQLITE_FULL:
      return no_space(ENOSPC);
    case SQLITE_TOOBIG:
      return {Code::kResourceExhausted,
              fmt::format("too large for the state database {}: {}", path_, what)};
    case SQLITE_IOERR:
      return io_error(handle_ == nullptr ? 0 : sqlite3_system_errno(handle_), what);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Code::kFailedPrecondition,
              fmt::format("the state database {} cannot be opened for writing ({}); check the "
                          "rights of the file and its folder, or set OPENCODE_DATA_PATH",
                          path_, what)};
    case SQLITE_PROTOCOL:
      return {Code::kUnavailable,
              fmt::format("reading or writing the state database {} failed: {}", path_, what)};
    case SQLITE_INTERRUPT:
      return {Code::kCancelled, "interrupted in the state database"};
    default:
      return {Code::kInternal, fmt::format("state database {}: {}", path_, what)};
  }
}

Result<Unsynced> Unsynced::begin(Database& database, Durability durability) {
  if (durability == Durability::kSync) {
    return Unsynced(nullptr);
  }
  OAP_CHECK_OK(database.exec("PRAGMA synchronous=NORMAL"));
  return Unsynced(&database);
}

Unsynced::Unsynced(Unsynced&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Unsynced::~Unsynced() {
  if (database_ == nullptr) {
    return;
  }
  if (auto strict = database_->exec("PRAGMA synchronous=FULL"); !strict) {
    database_->wal_->fail_with(std::move(strict).error());
  }
  database_->wal_->written();
}

Result<Transaction> Transaction::begin(Database& database) {
  OAP_TRY(Statement statement, database.prepare("BEGIN IMMEDIATE"));
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) {
    if (auto statement = database_->prepare("ROLLBACK")) {
      (void)statement->run();
    }
  }
}

Result<void> Transaction::commit() {
  OAP_TRY(Statement statement, database_->prepare("COMMIT"));
  OAP_TRY([[maybe_unused]] const std::int64_t changed, statement.run());
  database_ = nullptr;
  return {};
}

}  // namespace oap::store::sqlite
