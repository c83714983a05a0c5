#include <array>
#include <chrono>

#include "crypto/hash.hpp"
#include "store/run_repository.hpp"
#include "store/task_repository.hpp"

namespace oap::store {
namespace {

constexpr std::array kStepStates = {StepState::kPending,   StepState::kReady,  StepState::kRunning,
                                    StepState::kCompleted, StepState::kFailed, StepState::kSkipped,
                                    StepState::kCancelled, StepState::kUnknown};
constexpr std::array kRunStates = {RunState::kPending,   RunState::kRunning, RunState::kPaused,
                                   RunState::kCompleted, RunState::kFailed,  RunState::kCancelled};
constexpr std::array kTaskStatuses = {TaskStatus::kPending,   TaskStatus::kPlanning,
                                      TaskStatus::kExecuting, TaskStatus::kReviewing,
                                      TaskStatus::kCompleted, TaskStatus::kFailed};

template <class States>
auto find_by_name(const States& states, std::string_view name)
    -> std::optional<typename States::value_type> {
  for (const auto state : states) {
    if (to_string(state) == name) {
      return state;
    }
  }
  return std::nullopt;
}

void append_number(std::string& text, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  for (int shift = 56; shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>((bits >> static_cast<unsigned>(shift)) & 0xffU));
  }
}

}  // namespace

std::string_view to_string(StepState state) {
  switch (state) {
    case StepState::kPending:
      return "pending";
    case StepState::kReady:
      return "ready";
    case StepState::kRunning:
      return "running";
    case StepState::kCompleted:
      return "completed";
    case StepState::kFailed:
      return "failed";
    case StepState::kSkipped:
      return "skipped";
    case StepState::kCancelled:
      return "cancelled";
    case StepState::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_string(RunState state) {
  switch (state) {
    case RunState::kPending:
      return "pending";
    case RunState::kRunning:
      return "running";
    case RunState::kPaused:
      return "paused";
    case RunState::kCompleted:
      return "completed";
    case RunState::kFailed:
      return "failed";
    case RunState::kCancelled:
      return "cancelled";
  }
  return "failed";
}

std::optional<StepState> step_state_from(std::string_view name) {
  return find_by_name(kStepStates, name);
}

std::optional<RunState> run_state_from(std::string_view name) {
  return find_by_name(kRunStates, name);
}

std::optional<TaskStatus> task_status_from(std::string_view name) {
  return find_by_name(kTaskStatuses, name);
}

bool is_end(StepState state) {
  return state == StepState::kCompleted || state == StepState::kFailed ||
         state == StepState::kSkipped || state == StepState::kCancelled;
}

bool is_end(RunState state) {
  return state == RunState::kCompleted || state == RunState::kFailed ||
         state == RunState::kCancelled;
}

Result<TurnDone> RunRepository::create_one(const NewRun& run) {
  return std::move(write(std::span(&run, 1), {}).runs.front());
}

Result<TurnDone> RunRepository::commit_one(const Turn& turn) {
  return std::move(write({}, std::span(&turn, 1)).turns.front());
}

std::string chain_start(const std::string& run_id, const std::string& definition_hash) {
  std::string text = "oap.run/1" + run_id;
  text.push_back('\0');
  text += definition_hash;
  return std::string(crypto::as_bytes(crypto::sha256(text)));
}

std::string chain_next(const std::string& head, const EventRow& event) {
  std::string text;
  text.reserve(head.size() + 24 + event.body.size());
  text += head;
  append_number(text, event.seq);
  append_number(text, std::chrono::duration_cast<Millis>(event.at.time_since_epoch()).count());
  append_number(text, event.epoch);
  text += event.body;
  return std::string(crypto::as_bytes(crypto::sha256(text)));
}

}  // namespace oap::store
