#pragma once

#include <string>
#include <string_view>

namespace oap::session {

/// The sentences that the program itself puts into a conversation, in one place (SystemMessages).
/// Whole prompts are files: `src/orchestration/prompts`, overridden by `.opencode/prompts`.
struct SystemMessages {
  static constexpr std::string_view kMissionContinue = "continue from where we left off";
  static constexpr std::string_view kRecovery =
      "The last answer was unusable. Discard it, recall the goal, return to the last good step and "
      "take a simpler one.";
  static constexpr std::string_view kEscalation =
      "Several answers in a row were unusable. Stop, do not repeat the approach; ask for a smaller "
      "plan, and if that fails report the state to the user.";
  static constexpr std::string_view kCompacted =
      "This conversation has been shortened: what is here stands for all that came before. The "
      "plan is decided. Do not plan again, do not ask for what is here, and do not repeat what the "
      "evidence shows as done. Your next act is what stands under \"Next edit\"; do it now.";
  static constexpr std::string_view kCompactionRequest =
      "The conversation must be shortened before you go on. Do not call a tool. Answer with these "
      "sections and nothing else; whoever goes on will see only them and the newest messages.\n"
      "## Decided plan\nThe steps as they were decided, in order, each with done or open. No new "
      "plan.\n"
      "## Open items\nWhat is not finished, with file names and ids.\n"
      "## Notes\nWhat must not be forgotten: decisions with their reason, names, commands that "
      "work, errors that are not solved.\n"
      "## Next edit\nThe one next concrete act: which file, which change, or which command.";

  /// What is injected after the n-th unusable answer in a row, n from 1.
  static std::string anomaly(int count, std::string_view reason);
};

}  // namespace oap::session
