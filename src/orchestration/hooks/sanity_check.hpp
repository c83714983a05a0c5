#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "hooks/hook.hpp"
#include "session/system_messages.hpp"

namespace oap::orchestration {

/// Why a text looks like the output of a model that has come off the rails; nothing where it looks
/// sound. Looks for repetition, not for size: a window of any of three lengths that is one unit
/// over and over, a cycle of lines, or many words of which few differ. What has no letters (rules,
/// tables, box drawings, numbers) and closed code fences are structure. Linear in the text. Pure.
std::optional<std::string> find_anomaly(std::string_view text);

/// Counts the unusable answers of a session, across processes.
struct AnomalyCount {
  std::function<Result<int>(const std::string& session)> record;  ///< one more; how many in a row
  /// kNotFound where there is no such session, as in a workflow's step: nothing to reset.
  std::function<Result<void>(const std::string& session)> reset;
};

/// assistant.done: a degenerate answer is not taken as the end: the model is told and goes on, at
/// most twice in a row; then, and within the cooldown after that, the turn ends as a failure.
class SanityCheckHook final : public hooks::DoneHook {
 public:
  static constexpr int kMostInRow = 2;
  static constexpr Millis kCooldown{60'000};

  SanityCheckHook(AnomalyCount count, const Clock& clock, session::SystemMessages messages = {})
      : count_(std::move(count)), clock_(clock), messages_(std::move(messages)) {}
  std::string_view name() const override { return "SanityCheck"; }
  Task<Result<hooks::DoneVerdict>> done(const hooks::Context& context,
                                        std::string final_text) override;

 private:
  bool is_cooling(const std::string& session) const;

  AnomalyCount count_;
  const Clock& clock_;
  session::SystemMessages messages_;
  mutable std::mutex mutex_;
  std::map<std::string, SteadyTime> gave_up_;
};

}  // namespace oap::orchestration
