#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "audit/event.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace oap::audit {

/// When `append` returns.
enum class Durability {
  kSync,     ///< once the record is on disk
  kWritten,  ///< once it is in the file; on disk within 20 ms
  kDeferred  ///< as kWritten where that needs no waiting, else at once; on disk within 20 ms
};

/// The hash-chained audit log of one workspace: segment files `<first seq, 20 digits>.jsonl` in one
/// folder (0700, files 0600). Several processes may append; the chain stays one. Thread-safe:
/// concurrent appenders share one write and one sync.
///
/// An append that fails has changed nothing and returns the reason: the caller must deny. The event
/// then goes to the emergency file, if one is named, as well as that can still be done; the first
/// append that succeeds again first records how many were refused. Once a sync has failed, a
/// deferred record could not be written, or the folder was tampered with, later appends first
/// check the chain on disk anew and fail as long as that, or they, fail.
///
/// kDeferred is for what follows a record that is on disk, such as the result of a call whose
/// intent is: a crash leaves the first without the second, which says that. One that would have to
/// wait is accepted into memory and is in the file within 2 ms or with the next group. Records keep
/// their order whatever their class.
class Log {
 public:
  struct Options {
    std::string dir;               ///< made where it does not exist (its parent must)
    std::string workspace;         ///< relative paths below start here and stay below
    std::string export_file;       ///< additional JSON lines; empty: none
    std::string emergency_file;    ///< empty: none
    const Clock* clock = nullptr;  ///< null: the system's
    std::string encryption_keys;   ///< Fernet keys with commas, newest first; empty: in clear
    std::uint64_t segment_bytes = 64U << 20U;
    Millis segment_age{std::chrono::hours(24)};
    /// Zeros kept ahead of the records where small groups are synced often; 0: none. They are cut
    /// when the log or the segment ends.
    std::uint64_t room_bytes = 1U << 20U;
    /// How long to wait for another process that holds the folder's lock.
    Millis lock_wait{10'000};
    /// An export file that cannot be opened is tried again while the log goes on; what is in the
    /// log's own segments is complete. Else the log does not open without it.
    bool export_may_fail = false;
    bool seal_segments = true;  ///< a signed checkpoint when a segment is whole, on a thread apart
  };

  /// Opens for appending. A last record that a crash left incomplete is cut off, and a `recovered`
  /// record says how many bytes. Where acknowledged records are missing at the end, the log goes on
  /// after a `recovered` record that `verify` reports as a breach from then on. Any other damage is
  /// kDataLoss and nothing is changed. Writes `<dir>.seen` once.
  static Result<std::unique_ptr<Log>> open(Options options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  Result<void> append(const Event& event, Durability durability);

  /// Called exactly once, and must not block, throw or destroy the log.
  using Done = std::function<void(Result<void>)>;

  /// The same for an event loop: never waits for the disk or for other appenders. Records keep the
  /// order of a thread's calls to `append` and `append_async`. `done` comes from the log's own
  /// writer thread (there once it is needed), which writes and syncs all that waits at once; but
  /// before this returns, from the caller's thread, for a kDeferred record, for a kWritten one that
  /// could be written without waiting, and where kMaxWaiting records wait already
  /// (kResourceExhausted). The destructor completes what was begun.
  void append_async(const Event& event, Durability durability, Done done);
  static constexpr std::size_t kMaxWaiting = 65'536;

  /// Records now, in clear, that so many events were refused before the log could be opened.
  Result<void> note_refused(std::uint64_t count, const Error& why);

  struct Retired {
    std::uint64_t segments = 0;
    std::uint64_t events = 0;
  };
  /// Deletes whole segments, never the newest, whose last record is older than `age`, after a
  /// `retired` record that keeps the rest verifiable.
  Result<Retired> retire(Millis age);
  /// The same for retention that nobody asked for: where the clock may just have jumped ahead,
  /// nothing is deleted until records confirm for a day what it says.
  Result<Retired> retire_due(Millis age);

  /// A new key-encryption key and a new segment; what is there stays readable. Its version.
  /// kFailedPrecondition where the log is not encrypted.
  Result<std::uint64_t> rotate_key();
  /// Destroys the key of what is personal in a user's records, after a record that says so.
  /// kNotFound where there is none.
  Result<void> erase(const std::string& user_id);

 private:
  class Core;
  explicit Log(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace oap::audit
