#include "permission/engine.hpp"

#include <atomic>
#include <utility>

namespace oap::permission {

Engine::Engine(std::shared_ptr<const Policy> policy) : policy_(std::move(policy)) {}

std::shared_ptr<const Policy> Engine::policy() const { return std::atomic_load(&policy_); }

std::shared_ptr<const Policy> Engine::fresh() const {
  if (refresh_) {
    refresh_();
  }
  return policy();
}

Decision Engine::decide(const Request& request) const { return fresh()->decide(request); }

Explanation Engine::explain(const Request& request) const { return fresh()->explain(request); }

std::vector<std::string> Engine::hidden_from_search(const Principal& principal) const {
  return fresh()->hidden_from_search(principal);
}

Result<void> Engine::replace(std::shared_ptr<const Policy> policy) {
  const MutexLock lock(writing_);
  if (!session_.empty()) {
    OAP_TRY(policy, policy->with_session(session_));
  }
  std::atomic_store(&policy_, std::move(policy));
  return {};
}

Result<void> Engine::add_session_rule(Rule rule) {
  const MutexLock lock(writing_);
  std::vector<Rule> session = session_;
  rule.tier = Tier::kSession;
  session.push_back(std::move(rule));
  OAP_TRY(std::shared_ptr<const Policy> next, policy()->with_session(session));
  std::atomic_store(&policy_, std::move(next));
  session_ = std::move(session);
  return {};
}

}  // namespace oap::permission
