#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json/value.hpp"
#include "programs/hook_set.hpp"

namespace oap::programs {

/// How one program ended.
struct Ending {
  int exit_code = 0;
  bool timed_out = false;
  std::string fault;  ///< it could not be started; then nothing else counts
  std::string out;
  std::string err;
};

/// What is to come of an event. Decisions by severity.
enum class Decision { kNone, kAllow, kAsk, kDeny };

/// What one program says, and all programs of an event together. A value.
struct Answer {
  Decision decision = Decision::kNone;
  std::string reason;
  std::string by;                     ///< which program's decision it is
  std::optional<json::Object> input;  ///< `updatedInput`, whole
  std::optional<json::Value> output;  ///< `updatedToolOutput` or `updatedMCPToolOutput`
  std::vector<std::string> context;   ///< texts for the model
  std::vector<std::string> told;      ///< texts for the person (`systemMessage`)
  std::vector<std::string> faults;    ///< programs that erred, a sentence each, for the person
  bool stop = false;                  ///< `continue: false`: the run ends
  std::string stop_reason;
};

/// What a program's exit code and words mean for its event (Claude Code's hooks reference, "Hook
/// input and output"): 0 with JSON or plain text; 2 blocks, with stderr as the reason; everything
/// else, JSON that cannot be read, a timeout and a failed start are faults, and a denial where the
/// handler says so. Texts are cut at 10,000 characters and have no control characters. Pure.
Answer read_answer(const Handler& handler, const Ending& ending);

/// Adds another program's answer: the strictest decision wins, the last `updatedInput` and output
/// count, all texts are kept. Pure.
void merge(Answer& all, Answer one);

}  // namespace oap::programs
