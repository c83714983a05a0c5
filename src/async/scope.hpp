#pragma once

#include <cstddef>
#include <vector>

#include "async/branch.hpp"
#include "async/task.hpp"

namespace oap::async {

/// Owns the coroutines that run beside the current one. Join before the end of the scope:
/// destruction with live children is a defect (logged as OAP_BUG; the children are cancelled, not
/// waited for). Belongs to the executor's thread. Children may spawn into the scope they run in.
class Scope {
 public:
  explicit Scope(Executor executor);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Starts a child, possibly at once. After cancel() it starts cancelled. The handle cancels this
  /// child alone; it need not be kept.
  Branch spawn(Task<void> child);
  /// Waits for all children, also later ones. Where the waiter is cancelled, all children are
  /// cancelled and still waited for. May be called again after further spawns.
  Task<void> join();
  /// Requests the cancellation of all children, present and future.
  void cancel();
  std::size_t live() const;

 private:
  void forget_finished();
  Executor executor_;
  std::vector<Branch> children_;
  std::size_t prune_at_ = 16;
  bool cancelled_ = false;
};

}  // namespace oap::async
