#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestration/mission/completion.hpp"
#include "orchestration/mission/machine.hpp"
#include "session/system_messages.hpp"

namespace oap::orchestration {

/// What the Commander is told when a mission begins: the objective, where its files are, how it
/// ends.
std::string mission_brief(const session::SystemMessages& messages, std::string_view objective,
                          std::string_view plan_folder, bool plan_only,
                          const CompletionVerdict& found);

struct ContinuationFacts {
  Continue why;
  std::string objective;
  std::string plan_folder;
  int iteration = 0;
  int limit = 0;
  CompletionVerdict verdict;
  std::vector<std::string> ready;     ///< items that can be begun
  std::vector<std::string> results;   ///< of delegated tasks, ready for the model
  std::vector<std::string> in_doubt;  ///< calls that were under way when the process ended
  std::string answer;                 ///< of a person
  std::string question;               ///< that the text ended with
};
/// What is injected to continue: names of what is open, what stands against the seal, and the next
/// act; never a general "go on". Pure.
std::string continuation_text(const session::SystemMessages& messages,
                              const ContinuationFacts& facts);

/// What a delegated agent is given.
std::string child_brief(const session::SystemMessages& messages, std::string_view description,
                        std::string_view prompt, std::string_view objective,
                        std::string_view where);

}  // namespace oap::orchestration
