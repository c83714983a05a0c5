#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"

namespace oap::orchestration {

/// Where a mission stands. done, cancelled and failed are ends.
enum class MissionState : std::uint8_t {
  kPlanning,   ///< there is no plan yet
  kRunning,    ///< work is under way
  kWaiting,    ///< for what MissionStatus::waits_for says
  kPaused,     ///< a person, a budget, the provider or a lack of progress stopped it; resumable
  kBlocked,    ///< what is left of the plan is blocked; a person must do something
  kVerifying,  ///< the plan is closed; evidence and the seal are missing
  kDone,
  kCancelled,
  kFailed
};
enum class WaitsFor : std::uint8_t { kNothing, kChild, kUser, kExternal };
std::string_view to_string(MissionState state);
std::string_view to_string(WaitsFor what);
std::optional<MissionState> mission_state_from(std::string_view name);
bool is_end(MissionState state);

/// What a mission may use up. All are enforced in code; 0 or nothing = no limit.
struct MissionLimits {
  int iterations = 50;  ///< continuations
  int no_progress = 3;  ///< continuations after which nothing had changed, in a row
  int turns = 500;      ///< model requests within one continuation
  std::int64_t tool_calls = 5'000;
  std::int64_t tokens = 5'000'000;
  std::optional<double> cost_usd;
  Millis wall{std::chrono::hours(8)};  ///< while it runs, not while it is paused
  int depth = 2;                       ///< of delegation
  int parallel = 4;                    ///< delegated tasks at once
  int per_agent = 2;                   ///< of those, of one agent
  int children = 100;                  ///< delegated tasks in all
};
json::Object to_json(const MissionLimits& limits);
MissionLimits limits_from_json(const json::Value& value);

/// What the machine remembers: with it and the events everything follows. Data.
struct MissionStatus {
  MissionState state = MissionState::kPlanning;
  WaitsFor waits_for = WaitsFor::kNothing;
  std::string reason;       ///< why it waits, is paused, blocked or ended; a sentence
  std::string reason_code;  ///< "iterations", "no_progress", "person", "provider", "question", …
  int iteration = 0;
  int stagnation = 0;
  int refused_seals = 0;
  int questions = 0;     ///< in a row, in the text alone
  int retries = 0;       ///< of a provider that could not be reached, in a row
  bool aborted = false;  ///< a person interrupted it; stays until they resume it
  std::string fingerprint;
  std::string question;  ///< that waits for an answer
};
json::Object to_json(const MissionStatus& status);
MissionStatus status_from_json(const json::Value& value);

/// What happened.
struct TurnEnded {
  bool sealed = false;
  std::string question;       ///< asked with the tool
  std::string text_question;  ///< that the final text ends with
  bool attended = false;      ///< a person is at the terminal
  bool complete = false;
  bool has_plan = false;
  bool plan_closed = false;
  bool only_blocked = false;
  std::string fingerprint;
  std::vector<std::string> open;
  int children = 0;  ///< delegated tasks under way
};
struct ChildEnded {};
struct Answered {};
struct ProviderFailed {
  std::string message;
  bool retryable = false;
};
struct RetryDue {};  ///< the pause before another try has passed
struct BudgetSpent {
  std::string what;  ///< tokens, cost, wall, turns, tool_calls
  std::string message;
};
struct PauseAsked {
  std::string by;
  std::string reason;
  bool abort = false;  ///< Ctrl-C, Esc
};
struct ResumeAsked {
  std::string by;
  int children = 0;       ///< delegated tasks to be taken up again
  bool answered = false;  ///< an answer came with it
  int more_iterations = 0;
};
struct StopAsked {
  std::string by;
};
struct Broken {
  std::string message;  ///< it cannot go on at all
};
using MissionEvent = std::variant<TurnEnded, ChildEnded, Answered, ProviderFailed, BudgetSpent,
                                  PauseAsked, ResumeAsked, StopAsked, Broken, RetryDue>;
std::string_view name_of(const MissionEvent& event);

/// What is to be done next. There is at most one Continue: the mission has one owner of its
/// continuation, and that is this machine.
struct Continue {
  enum class Why : std::uint8_t {
    kWork,         ///< there is work left
    kRefusedSeal,  ///< the seal was given, but something stands against it
    kSeal,         ///< nothing is left but the seal
    kDecide,       ///< nobody is there to answer the question in the text
    kResults,      ///< delegated tasks have ended
    kAnswer,       ///< a person has answered
    kResumed       ///< it was paused, or the process died
  };
  Why why = Why::kWork;
  bool stagnant = false;  ///< the last continuation changed nothing
};
struct WaitForChildren {};
struct AskUser {};
struct RetryLater {
  Millis after{0};
};
struct HoldChildren {};    ///< they are ended, and taken up again with the mission
struct CancelChildren {};  ///< for good
struct Halt {};  ///< the driver lets go of the mission: it has ended, or a person must act
using MissionEffect = std::variant<Continue, WaitForChildren, AskUser, RetryLater, HoldChildren,
                                   CancelChildren, Halt>;

struct MissionStep {
  MissionStatus status;
  std::vector<MissionEffect> effects;
};

/// The whole of a mission's course. An end absorbs every event; an abort stays until ResumeAsked;
/// while a question waits for its answer nothing continues. Pure.
MissionStep step_mission(MissionStatus status, const MissionEvent& event,
                         const MissionLimits& limits);

}  // namespace oap::orchestration
