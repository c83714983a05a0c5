#include "gateway/hooks/shared_verdicts.hpp"

#include <algorithm>
#include <utility>

namespace oap::gateway {
namespace {

/// All that the policy looks at.
bool is_same(const ToolCall& a, const ToolCall& b) {
  return a.id == b.id && a.tool == b.tool && a.server == b.server && a.origin == b.origin &&
         a.arguments == b.arguments;
}

ToolCall what_is_judged(const ToolCall& call) {
  ToolCall out;
  out.id = call.id;
  out.tool = call.tool;
  out.server = call.server;
  out.origin = call.origin;
  out.arguments = call.arguments;
  return out;
}

}  // namespace

std::shared_ptr<const security::PolicyVerdict> SharedVerdicts::of(const ToolCall& call) {
  const std::string day = security::day_of(clock_.wall());
  {
    const std::lock_guard lock(mutex_);
    const auto* found = std::find_if(last_.begin(), last_.end(), [&](const Judged& one) {
      return one.verdict != nullptr && one.day == day && is_same(one.call, call);
    });
    if (found != last_.end()) {
      return found->verdict;
    }
  }
  auto verdict = std::make_shared<const security::PolicyVerdict>(policy_.judge(call, day));
  Judged judged{what_is_judged(call), day, verdict};
  const std::lock_guard lock(mutex_);
  std::swap(last_[next_], judged);
  next_ = (next_ + 1) % last_.size();
  return verdict;
}

}  // namespace oap::gateway
