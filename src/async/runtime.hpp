#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "async/blocking_pool.hpp"
#include "async/task.hpp"

namespace oap::async {

/// The one event loop of a process and its few threads for blocking calls. All coroutines run on
/// the thread that calls run(); nothing else here needs locks because of that. SIGPIPE is ignored
/// from the first Runtime on: a closed reader is an error of the write, not the end of the process.
class Runtime {
 public:
  Runtime();
  /// What still waits is destroyed without being resumed.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  Executor executor();
  BlockingPool& blocking();

  /// Drives the loop on the calling thread until the task ends. May be called again, not from
  /// within. An exception that leaves the task, or a task that can never go on, is a defect: logged
  /// as OAP_BUG, then abort.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> place;
    drive(keep(place, std::move(task)));
    return *std::move(place);
  }
  void run(Task<void> task) { drive(std::move(task)); }

 private:
  template <class T>
  static Task<void> keep(std::optional<T>& place, Task<T> task) {
    T value = co_await std::move(task);
    place.emplace(std::move(value));
  }
  void drive(Task<void> task);

  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace oap::async
