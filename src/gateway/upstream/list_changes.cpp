#include "gateway/upstream/list_changes.hpp"

#include <utility>

#include "async/sleep.hpp"

namespace oap::gateway {

void ListChanges::note(ListKind kind) {
  if (closed_) {
    return;
  }
  pending_[static_cast<std::size_t>(kind)] = true;
  if (!std::exchange(waiting_, true)) {
    scope_.spawn(tell_after_window());
  }
}

Task<void> ListChanges::tell_after_window() {
  const auto slept = co_await async::sleep_for(window_);
  waiting_ = false;
  const auto changed = std::exchange(pending_, {});
  if (!slept || !listener_) {
    co_return;
  }
  const Upstream::OnListChanged listener = listener_;
  for (const ListKind kind :
       {ListKind::kTools, ListKind::kResources, ListKind::kTemplates, ListKind::kPrompts}) {
    if (changed[static_cast<std::size_t>(kind)]) {
      listener(kind);
    }
  }
}

Task<void> ListChanges::close() {
  closed_ = true;
  scope_.cancel();
  co_await scope_.join();
}

}  // namespace oap::gateway
