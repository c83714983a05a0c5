#include "async/scope.hpp"

#include <algorithm>

#include "async/bug.hpp"

namespace oap::async {

Scope::Scope(Executor executor) : executor_(std::move(executor)) {}

Scope::~Scope() {
  if (live() > 0) {
    report_bug("a scope ended before its children; join() it first");
    cancel();
  }
}

Branch Scope::spawn(Task<void> child) {
  if (children_.size() >= prune_at_) {
    forget_finished();
    prune_at_ = std::max<std::size_t>(16, children_.size() * 2);
  }
  Branch branch(executor_);
  children_.push_back(branch);
  branch.start(std::move(child));
  if (cancelled_) {
    branch.cancel();
  }
  return branch;
}

Task<void> Scope::join() {
  const Deadline never = Deadline::never();
  while (!children_.empty()) {
    Branch child = children_.back();
    if (co_await child.wait_end(never) == Event::Wake::kCancelled) {
      cancel();
      co_await child.settle(never);
    }
    forget_finished();
  }
}

void Scope::cancel() {
  cancelled_ = true;
  const std::vector<Branch> snapshot = children_;
  for (Branch child : snapshot) {
    child.cancel();
  }
}

std::size_t Scope::live() const {
  return static_cast<std::size_t>(std::count_if(children_.begin(), children_.end(),
                                                [](const Branch& child) { return !child.done(); }));
}

void Scope::forget_finished() {
  std::erase_if(children_, [](const Branch& child) { return child.done(); });
}

}  // namespace oap::async
