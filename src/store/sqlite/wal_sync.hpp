#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::store::sqlite {

/// Puts what is in a database's write-ahead log on disk, from a thread of its own, there once it is
/// needed: whoever asks while a sync is under way shares the next one (group commit). Thread-safe.
///
/// A sync that failed is never tried again: the kernel may have dropped what it could not write, so
/// a later success would say nothing of it (fsync(2), "EIO"). From then on everything asked here
/// fails; opening the database anew finds what is whole.
class WalSync {
 public:
  /// From the sync thread; must not block or throw.
  using Done = std::function<void(Result<void>)>;
  /// fdatasync or what tests put in its place; returns 0 or errno.
  using Sync = std::function<int(int fd)>;

  static constexpr Millis kLongest{20};

  explicit WalSync(std::string wal_path, Sync sync = {});
  /// Syncs what was written and answers who waits.
  ~WalSync();
  WalSync(const WalSync&) = delete;
  WalSync& operator=(const WalSync&) = delete;

  /// Something was written: it is synced within kLongest.
  void written();
  /// Calls `done` once all that was written before this call is on disk.
  void when_synced(Done done);

  bool has_failed() const { return failed_; }
  /// Where has_failed().
  Error failure();
  /// Nothing more is accepted.
  void fail_with(Error why);

 private:
  void start() OAP_REQUIRES(mutex_);
  void run();
  Result<void> sync_file();
  Result<void> open_file();

  const std::string path_;
  const Sync sync_;
  os::UniqueFd file_;  ///< of the thread
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Done> waiting_ OAP_GUARDED_BY(mutex_);
  std::optional<SteadyTime> due_ OAP_GUARDED_BY(mutex_);
  std::optional<Error> failure_ OAP_GUARDED_BY(mutex_);
  bool ending_ OAP_GUARDED_BY(mutex_) = false;
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace oap::store::sqlite
