#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "model/message.hpp"
#include "orchestration/mission/completion.hpp"
#include "orchestration/mission/delegation.hpp"
#include "orchestration/mission/machine.hpp"

namespace oap::orchestration {

/// A mission as people and programs are told of it: while it goes on, and at its end. Data.
struct MissionReport {
  std::string mission_id;
  std::string session_id;
  std::string objective;
  std::string plan_file;
  MissionStatus status;
  MissionLimits limits;
  CompletionVerdict verdict;
  std::vector<Evidence> evidence;
  std::vector<DelegatedTask> tasks;
  std::vector<std::string> in_doubt;  ///< calls that may have run; a sentence each
  Usage usage;
  std::int64_t tool_calls = 0;
  Millis active{0};     ///< time at work
  std::string content;  ///< the Commander's last words

  /// What it ended or stopped with as an Error; nothing where it is done or at work.
  std::optional<Error> error() const;
  /// CONTRACTS "Runs": 0 done, 1 failed, 4 a person must act, 5 the provider, 130 cancelled.
  int exit_code() const;
};
json::Object to_json(const MissionReport& report);
/// "mission: waiting for child: 2 delegated tasks are under way (iteration 3)".
std::string state_line(const MissionStatus& status);

}  // namespace oap::orchestration
