#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::workflow {

using NodeId = std::uint32_t;   ///< of a step instance in a State
using FrameId = std::uint32_t;  ///< of a run of a block
constexpr NodeId kNoNode = UINT32_MAX;
constexpr FrameId kNoFrame = UINT32_MAX;

/// One thing that happened in a run: what its journal consists of. What was decided is in it, so
/// that replaying evaluates nothing. `step` names the instance; which of the others mean something
/// is said for each kind.
struct Event {
  enum class Kind : std::uint8_t {
    kRunStarted,  ///< data: inputs; more: variables, definitions, budget, timeout_ms, …
    kImport,      ///< a fork's: step, data: output that is kept; more.vars: what it had set
    kReady,       ///< step may start and waits for a place
    kStart,       ///< step, number: attempt; data: input (flag: tainted, so not kept); due;
                  ///< text: of a waiting one, the child run or signal
    kOpen,        ///< step, data: the items of a foreach, matrix or loop
    kSpawn,       ///< step, number: that many more children begin
    kIterate,     ///< step, number: which iteration begins
    kBranch,      ///< step, flag: which
    kVote,        ///< step, flag: approve; text: by; data: {comment, form}
    // These three: more.usage is what the attempt used.
    kComplete,    ///< step, data: output; more.vars: what it sets; text: of the signal taken
    kRetry,       ///< step, number: attempt that failed; due; text, code; flag: not counted
    kFail,        ///< step, text, code; data: output
    kSkip,        ///< step, text: why
    kCancelStep,  ///< step, text: why
    kUnknown,     ///< step, text: why its outcome is not known
    kSignal,      ///< text: name; data: payload; nobody waited for it
    kResumed,     ///< text: owner
    kPause,       ///< text: by; code: "" or "budget"
    kUnpause,     ///< text: by; more: tokens, cost_usd on top
    kCancel,      ///< text: by; flag: clean-up ends as well, as with a second one
    kTimeUp,      ///< the time for the whole run is up
    kPhase,       ///< text: compensating, finally
    kCompensate,  ///< step: whose compensation begins
    kRunEnded,    ///< text: error; code; more: state; data: outputs
    kFirstForm    ///< more: steps, of a run of the form before journals
  };
  Kind kind = Kind::kRunStarted;
  NodeId node = kNoNode;
  std::int64_t number = 0;
  bool flag = false;
  std::optional<WallTime> due;
  std::string text;
  std::string code;
  json::Value data;
  json::Object more;
  bool is_kept = false;  ///< data is in the state already, large values as references; not written
};

std::string_view to_string(Event::Kind kind);

/// Appends the event as a JSON object. `data` is the JSON text of its data, "" for null.
void append_json(std::string& out, const Event& event, std::string_view path,
                 std::string_view data);

/// The event and the path of its step ("" where it has none); kDataLoss where it is none.
struct ReadEvent {
  Event event;
  std::string path;
};
Result<ReadEvent> event_from_json(json::Value value);

std::int64_t to_millis(WallTime at);
/// What is too far away for a WallTime is as far as it can be (the year 2255).
WallTime from_millis(std::int64_t millis);
constexpr std::int64_t kMostMillis = 9'000'000'000'000;

}  // namespace oap::workflow
