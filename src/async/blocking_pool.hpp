#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.hpp"

namespace oap::async {

/// A few threads for calls that block (DNS, slow files, foreign libraries); a thread is made when a
/// job finds none idle. Jobs start in order. Destruction runs what was submitted, then joins.
/// Thread-safe. Coroutines use run_blocking().
class BlockingPool {
 public:
  explicit BlockingPool(std::size_t most_threads = 4);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// The job must not throw.
  void submit(std::function<void()> job);
  std::size_t threads();

 private:
  void work();

  const std::size_t most_threads_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> jobs_ OAP_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ OAP_GUARDED_BY(mutex_);
  std::size_t idle_ OAP_GUARDED_BY(mutex_) = 0;
  bool ending_ OAP_GUARDED_BY(mutex_) = false;
};

}  // namespace oap::async
