#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.hpp"
#include "permission/policy.hpp"

namespace oap::permission {

/// The policy in force. Decisions may be taken from any thread while it is being replaced: each one
/// sees the old policy or the new one as a whole.
class Engine {
 public:
  explicit Engine(std::shared_ptr<const Policy> policy);

  /// Called before each decision: whoever keeps the policy up to date replaces it there. Set before
  /// the engine is used; must not throw.
  void set_refresh(std::function<void()> refresh) { refresh_ = std::move(refresh); }

  Decision decide(const Request& request) const;
  Explanation explain(const Request& request) const;
  std::shared_ptr<const Policy> policy() const;
  /// Policy::hidden_from_search() of the policy in force.
  std::vector<std::string> hidden_from_search(const Principal& principal) const;

  /// Puts another policy in force; the session tier is carried over to it.
  Result<void> replace(std::shared_ptr<const Policy> policy);
  /// Adds a rule to the session tier (`oap permission set`); counts from the next decision on.
  Result<void> add_session_rule(Rule rule);

 private:
  std::shared_ptr<const Policy> fresh() const;

  std::function<void()> refresh_;
  Mutex writing_;
  std::vector<Rule> session_ OAP_GUARDED_BY(writing_);
  std::shared_ptr<const Policy> policy_;  // only through std::atomic_load and std::atomic_store
};

}  // namespace oap::permission
