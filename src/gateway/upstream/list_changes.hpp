#pragma once

#include <array>
#include <functional>

#include "async/scope.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

/// Tells of changed lists once a burst is over: each kind at most once a `window`, at its end.
/// Belongs to the executor's thread; close() before destruction.
class ListChanges {
 public:
  ListChanges(Executor executor, Millis window) : window_(window), scope_(std::move(executor)) {}

  void listen(Upstream::OnListChanged listener) { listener_ = std::move(listener); }
  void note(ListKind kind);
  /// Nothing is told any more.
  Task<void> close();

 private:
  Task<void> tell_after_window();

  Millis window_;
  Upstream::OnListChanged listener_;
  std::array<bool, 4> pending_{};
  bool waiting_ = false;
  bool closed_ = false;
  async::Scope scope_;
};

}  // namespace oap::gateway
