#include "orchestration/hooks/sanity_check.hpp"

#include "base/log.hpp"

namespace oap::orchestration {

bool SanityCheckHook::is_cooling(const std::string& session) const {
  const std::lock_guard lock(mutex_);
  const auto found = gave_up_.find(session);
  return found != gave_up_.end() && clock_.steady() - found->second < kCooldown;
}

Task<Result<hooks::DoneVerdict>> SanityCheckHook::done(const hooks::Context& context,
                                                       std::string final_text) {
  hooks::DoneVerdict verdict;
  const std::optional<std::string> anomaly = find_anomaly(final_text);
  if (!anomaly) {
    const auto reset = count_.reset(context.session_id);
    if (!reset && reset.error().code() != Code::kNotFound) {
      log::warn("orchestration", "the count of unusable answers was not reset",
                {{"why", reset.error().to_string()}});
    }
    co_return verdict;
  }
  const auto count = count_.record(context.session_id);
  if (!count || *count > kMostInRow || is_cooling(context.session_id)) {
    verdict.action = hooks::DoneVerdict::Action::kStop;
    verdict.failed = true;
    verdict.reason = "the model's answer is degenerate: " + *anomaly;
    const std::lock_guard lock(mutex_);
    gave_up_[context.session_id] = clock_.steady();
    co_return verdict;
  }
  verdict.action = hooks::DoneVerdict::Action::kInject;
  verdict.reason = *anomaly;
  verdict.prompts.push_back(messages_.anomaly_text(*count, *anomaly));
  co_return verdict;
}

}  // namespace oap::orchestration
