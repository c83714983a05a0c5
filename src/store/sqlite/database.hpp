#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "store/durability.hpp"
#include "store/sqlite/wal_sync.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace oap::store::sqlite {

class Database;

/// Bytes that are no text, for `Statement::bind`.
struct Bytes {
  std::string_view data;
};

/// One prepared statement on loan from its database's cache; goes back when destroyed. Errors of
/// binding come out of the next `step`. Columns count from 0 and are read while a row is there.
class Statement {
 public:
  /// `place` is where it goes back to; with none it is finalized.
  Statement(Database& database, sqlite3_stmt* handle, sqlite3_stmt** place);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  ~Statement();

  /// Binds all parameters in order, from ?1 on. Texts are copied.
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  /// The same, but texts are borrowed: they must outlive the statement or its next binding.
  template <class... Values>
  Statement& bind_borrowed(const Values&... values) {
    borrows_ = true;
    bind(values...);
    borrows_ = false;
    return *this;
  }

  /// True where a row is there; false at the end.
  Result<bool> step();
  /// Steps to the end; the number of rows changed.
  Result<std::int64_t> run();
  bool only_reads() const;

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Valid until the next step.
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  std::string bytes(int column) const;
  WallTime time(int column) const;
  std::optional<WallTime> maybe_time(int column) const;

 private:
  void reset();
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::size_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, bool value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, Bytes value);
  void bind_one(int index, WallTime value);
  void bind_one(int index, std::nullopt_t);
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      bind_one(index, std::nullopt);
    }
  }

  Database* database_;
  sqlite3_stmt* handle_;
  sqlite3_stmt** place_;
  bool borrows_ = false;
  int bind_error_ = 0;
};

/// One SQLite connection (https://sqlite.org/c3ref/intro.html). Not thread-safe by itself: whoever
/// uses it holds `mutex()`. Every SQLite error becomes an Error that names the file.
class Database {
 public:
  static constexpr Millis kBusyTimeout{5'000};

  /// Opens or makes the file (mode 0600). The journal is WAL, synchronous FULL: a commit is on disk
  /// when it returns, unless an `Unsynced` is there.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Mutex& mutex() { return mutex_; }
  const std::string& path() const { return path_; }

  /// Runs a script of statements without results.
  Result<void> exec(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row.
  Result<std::int64_t> query_integer(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);
  std::int64_t changes() const;

  /// Calls `done` once every commit before this call is on disk; see MessageRepository. Needs no
  /// mutex. Once a sync has failed, nothing is written any more.
  void when_synced(WalSync::Done done) { wal_->when_synced(std::move(done)); }

  /// The Error for what SQLite just answered. A disk that is full or fails is kResourceExhausted or
  /// kFailedPrecondition, never kUnavailable: that is for peers.
  Error error(int code) const;

  /// Reads all of a file that exists and changes nothing in it: kDataLoss where it is damaged.
  static Result<void> check(const std::string& path);

 private:
  friend class Statement;
  friend class Unsynced;
  Database(std::string path, sqlite3* handle);
  Error io_error(int system_error, std::string_view what) const;
  Error no_space(int system_error) const;
  Error damaged(std::string_view what) const;
  Result<void> settle();
  Result<Statement> find_or_prepare(std::string_view sql);

  struct HashText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  Mutex mutex_;
  std::string path_;
  sqlite3* handle_;
  std::unique_ptr<WalSync> wal_;
  /// By their SQL; null while on loan.
  std::unordered_map<std::string, sqlite3_stmt*, HashText, std::equal_to<>> idle_;
};

/// While it lives, with kWritten, commits are in the file but not synced (synchronous=NORMAL,
/// https://sqlite.org/pragma.html#pragma_synchronous); when it ends, they are due to be. The caller
/// holds the mutex all the time, and no transaction is open when it begins and when it ends.
class Unsynced {
 public:
  static Result<Unsynced> begin(Database& database, Durability durability);
  Unsynced(Unsynced&& other) noexcept;
  Unsynced& operator=(Unsynced&&) = delete;
  Unsynced(const Unsynced&) = delete;
  ~Unsynced();

 private:
  explicit Unsynced(Database* database) : database_(database) {}
  Database* database_;  ///< null: nothing was changed
};

/// A write transaction (BEGIN IMMEDIATE); rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace oap::store::sqlite
