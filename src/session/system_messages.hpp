#pragma once

#include <string>
#include <string_view>

namespace oap::session {

/// The sentences that the program itself puts into a conversation, in one place (SystemMessages).
struct SystemMessages {
  static constexpr std::string_view kMissionContinue = "continue from where we left off";
  static constexpr std::string_view kRecovery =
      "The last answer was unusable. Discard it, recall the goal, return to the last good step and "
      "take a simpler one.";
  static constexpr std::string_view kEscalation =
      "Several answers in a row were unusable. Stop, do not repeat the approach; ask for a smaller "
      "plan, and if that fails report the state to the user.";

  /// What is injected after the n-th unusable answer in a row, n from 1.
  static std::string anomaly(int count, std::string_view reason);
};

}  // namespace oap::session
