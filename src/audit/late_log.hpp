#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "audit/log.hpp"

namespace oap::audit {

/// A log that could not be opened, where configuration lets work go on without: a thread of its own
/// tries again every `again`. Once it succeeds, the log's first record says, in clear, how many
/// events were refused until then, and segments older than `retention` are retired. Thread-safe; no
/// call waits for another process. The destructor waits as long as opening does (`lock_wait`).
class LateLog {
 public:
  LateLog(Log::Options options, Millis retention, Error why, Millis again = Millis(1'000));
  ~LateLog();
  LateLog(const LateLog&) = delete;
  LateLog& operator=(const LateLog&) = delete;

  /// The log for this event; null where it is not open yet: the event was refused, which goes to
  /// the emergency file and is logged.
  std::shared_ptr<Log> log_for(const Event& event);
  /// Whether the log is open by then.
  bool wait(Deadline deadline);

 private:
  using Lock = std::unique_lock<std::mutex>;
  void run();
  bool try_again(Lock& lock);

  const Log::Options options_;
  const Millis retention_;
  const Millis again_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Error why_;
  std::uint64_t refused_ = 0;
  std::uint64_t told_ = 0;  ///< so many of them are recorded
  bool closing_ = false;
  std::shared_ptr<Log> log_;
  std::thread opener_;
};

}  // namespace oap::audit
