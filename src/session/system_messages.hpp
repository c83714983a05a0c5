#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oap::session {

/// A text with its `{words}` in the place of what they stand for; what is filled in is not looked
/// at again, and words that are not known stay. Pure.
std::string filled_in(std::string_view text,
                      const std::vector<std::pair<std::string_view, std::string_view>>& words);

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

  /// The same sentences, as they may be overridden: files of `.opencode/prompts` of these names.
  std::string mission_continue{kMissionContinue};      ///< mission_continue.md
  std::string recovery{kRecovery};                     ///< recovery.md
  std::string escalation{kEscalation};                 ///< escalation.md
  std::string compacted{kCompacted};                   ///< compacted.md
  std::string compaction_request{kCompactionRequest};  ///< compaction_request.md

  // What a mission's agents are told; `{words}` in braces are filled in, others stay as they are.
  std::string mission_brief;     ///< {objective} {plan} {state} {seal}
  std::string mission_work;      ///< the plan has open items
  std::string mission_refused;   ///< the seal does not hold; {open}
  std::string mission_seal;      ///< all agrees, the seal is missing; {seal}
  std::string mission_decide;    ///< {question}, which nobody is there to answer
  std::string mission_results;   ///< delegated tasks have ended
  std::string mission_resumed;   ///< after a pause, or the end of its process
  std::string mission_stagnant;  ///< nothing has changed since the last time
  std::string mission_task;  ///< to a delegated agent; {description} {prompt} {objective} {place}

  SystemMessages();

  /// With what the files of that folder say in their place; empty: none. A file that cannot be
  /// read, is empty, or larger than 64 KiB is a sentence in `problems`, and the built-in text
  /// stays.
  static SystemMessages load(const std::string& folder, std::vector<std::string>& problems);

  /// What is injected after the n-th unusable answer in a row, n from 1.
  std::string anomaly_text(int count, std::string_view reason) const;
  static std::string anomaly(int count, std::string_view reason);
};

}  // namespace oap::session
