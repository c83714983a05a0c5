#include "orchestration/mission/machine.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace oap::orchestration {
namespace {

constexpr int kRetries = 3;
constexpr Millis kFirstRetry{2'000};

struct StateName {
  MissionState state;
  std::string_view name;
};
constexpr std::array<StateName, 9> kNames = {{{MissionState::kPlanning, "planning"},
                                              {MissionState::kRunning, "running"},
                                              {MissionState::kWaiting, "waiting"},
                                              {MissionState::kPaused, "paused"},
                                              {MissionState::kBlocked, "blocked"},
                                              {MissionState::kVerifying, "verifying"},
                                              {MissionState::kDone, "done"},
                                              {MissionState::kCancelled, "cancelled"},
                                              {MissionState::kFailed, "failed"}}};

std::string join(const std::vector<std::string>& lines, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < lines.size() && i < most; ++i) {
    text += (i == 0 ? "" : "; ") + lines[i];
  }
  if (lines.size() > most) {
    text += fmt::format("; and {} more", lines.size() - most);
  }
  return text;
}

class Course {
 public:
  Course(MissionStatus status, const MissionLimits& limits) : limits_(limits) {
    out_.status = std::move(status);
  }

  MissionStep run(const MissionEvent& event) {
    if (!is_end(now().state)) {
      std::visit([this](const auto& one) { on(one); }, event);
    }
    return std::move(out_);
  }

 private:
  MissionStatus& now() { return out_.status; }
  bool at_work() {
    return now().state == MissionState::kPlanning || now().state == MissionState::kRunning ||
           now().state == MissionState::kVerifying;
  }
  bool waits(WaitsFor what) {
    return now().state == MissionState::kWaiting && now().waits_for == what;
  }

  void enter(MissionState state, std::string reason = {}, std::string code = {}) {
    now().state = state;
    now().waits_for = WaitsFor::kNothing;
    now().reason = std::move(reason);
    now().reason_code = std::move(code);
  }
  void wait(WaitsFor what, std::string reason, std::string code) {
    enter(MissionState::kWaiting, std::move(reason), std::move(code));
    now().waits_for = what;
  }
  void act(MissionEffect effect) { out_.effects.push_back(effect); }

  void pause(std::string reason, std::string code) {
    enter(MissionState::kPaused, std::move(reason), std::move(code));
    act(HoldChildren{});
    act(Halt{});
  }
  void end(MissionState state, std::string reason, std::string code) {
    enter(state, std::move(reason), std::move(code));
    now().question.clear();
    act(CancelChildren{});
    act(Halt{});
  }

  void ask(const std::string& question) {
    wait(WaitsFor::kUser, "a question waits for an answer: " + question, "question");
    now().question = question;
    act(AskUser{});
  }

  void on(const TurnEnded& turn) {
    if (!at_work()) {
      return;
    }
    ++now().iteration;
    now().retries = 0;
    if (!turn.question.empty()) {
      ask(turn.question);
      return;
    }
    if (turn.sealed && turn.complete) {
      end(MissionState::kDone, "the plan is closed and the evidence agrees", "sealed");
      return;
    }
    if (turn.children > 0) {
      if (!has_iterations_left(turn)) {
        return;
      }
      wait(WaitsFor::kChild, fmt::format("{} delegated tasks are under way", turn.children),
           "children");
      act(WaitForChildren{});
      return;
    }
    const bool asks = !turn.text_question.empty() && !turn.sealed && !turn.complete;
    now().questions = asks ? now().questions + 1 : 0;
    if (asks && (turn.attended || now().questions > 1)) {
      ask(turn.text_question);
      return;
    }
    if (turn.only_blocked) {
      enter(MissionState::kBlocked, "all that is left is blocked: " + join(turn.open, 5),
            "blocked");
      act(HoldChildren{});
      act(Halt{});
      return;
    }
    now().refused_seals += turn.sealed ? 1 : 0;
    progress(turn);
    if (!may_go_on(turn)) {
      return;
    }
    enter(turn.complete || turn.plan_closed ? MissionState::kVerifying
          : turn.has_plan                   ? MissionState::kRunning
                                            : MissionState::kPlanning);
    const Continue::Why why = turn.sealed     ? Continue::Why::kRefusedSeal
                              : turn.complete ? Continue::Why::kSeal
                              : asks          ? Continue::Why::kDecide
                                              : Continue::Why::kWork;
    act(Continue{why, now().stagnation > 0});
  }

  void progress(const TurnEnded& turn) {
    now().stagnation = turn.fingerprint == now().fingerprint ? now().stagnation + 1 : 0;
    now().fingerprint = turn.fingerprint;
  }

  bool may_go_on(const TurnEnded& turn) {
    if (limits_.no_progress > 0 && now().stagnation >= limits_.no_progress) {
      pause(fmt::format("no progress {} times in a row; open: {}", now().stagnation,
                        turn.open.empty() ? "nothing but the seal" : join(turn.open, 5)),
            "no_progress");
      return false;
    }
    return has_iterations_left(turn);
  }

  bool has_iterations_left(const TurnEnded& turn) {
    if (limits_.iterations > 0 && now().iteration >= limits_.iterations) {
      pause(fmt::format("the budget of {} iterations is used up; open: {}", limits_.iterations,
                        turn.open.empty() ? "nothing but the seal" : join(turn.open, 5)),
            "iterations");
      return false;
    }
    return true;
  }

  void on(const ChildEnded&) {
    if (waits(WaitsFor::kChild)) {
      enter(MissionState::kRunning);
      act(Continue{Continue::Why::kResults, false});
    }
  }

  void on(const Answered&) {
    if (waits(WaitsFor::kUser)) {
      now().question.clear();
      now().questions = 0;
      now().stagnation = 0;
      now().fingerprint.clear();
      enter(MissionState::kRunning);
      act(Continue{Continue::Why::kAnswer, false});
    }
  }

  void on(const ProviderFailed& failure) {
    if (!at_work() && !waits(WaitsFor::kExternal)) {
      return;
    }
    if (failure.retryable && now().retries < kRetries) {
      const Millis after = kFirstRetry * (1 << now().retries);
      ++now().retries;
      wait(WaitsFor::kExternal, "the model cannot be reached: " + failure.message, "provider");
      act(RetryLater{after});
      return;
    }
    pause("the model cannot be used: " + failure.message, "provider");
  }

  void on(const RetryDue&) {
    if (waits(WaitsFor::kExternal)) {
      enter(MissionState::kRunning);
      act(Continue{Continue::Why::kResumed, false});
    }
  }

  void on(const BudgetSpent& spent) {
    if (now().state != MissionState::kPaused && now().state != MissionState::kBlocked) {
      pause(spent.message, spent.what);
    }
  }

  void on(const PauseAsked& asked) {
    now().aborted = now().aborted || asked.abort;
    if (now().state == MissionState::kPaused) {
      return;
    }
    std::string question = now().question;
    pause(asked.reason.empty() ? fmt::format("paused by {}", asked.by) : asked.reason,
          asked.abort ? "interrupted" : "person");
    now().question = std::move(question);
  }

  void on(const ResumeAsked& asked) {
    const bool open_question = !now().question.empty() && !asked.answered;
    now().aborted = false;
    now().stagnation = 0;
    now().fingerprint.clear();
    now().refused_seals = 0;
    now().questions = 0;
    now().retries = 0;
    if (open_question) {
      ask(std::string(now().question));
      return;
    }
    now().question.clear();
    if (limits_.iterations > 0 && now().iteration >= limits_.iterations) {
      pause(
          fmt::format("the budget of {} iterations is used up; oap mission resume --iterations 20 "
                      "allows 20 more",
                      limits_.iterations),
          "iterations");
      return;
    }
    const bool planning = now().state == MissionState::kPlanning;
    if (asked.children > 0) {
      wait(WaitsFor::kChild, fmt::format("{} delegated tasks are under way", asked.children),
           "children");
      act(WaitForChildren{});
      return;
    }
    enter(planning ? MissionState::kPlanning : MissionState::kRunning);
    act(Continue{asked.answered ? Continue::Why::kAnswer : Continue::Why::kResumed, false});
  }

  void on(const StopAsked& asked) {
    end(MissionState::kCancelled, fmt::format("stopped by {}", asked.by), "stopped");
  }

  void on(const Broken& broken) { end(MissionState::kFailed, broken.message, "broken"); }

  const MissionLimits& limits_;
  MissionStep out_;
};

}  // namespace

std::string_view to_string(MissionState state) {
  for (const StateName& name : kNames) {
    if (name.state == state) {
      return name.name;
    }
  }
  return "planning";
}

std::optional<MissionState> mission_state_from(std::string_view name) {
  for (const StateName& known : kNames) {
    if (known.name == name) {
      return known.state;
    }
  }
  return std::nullopt;
}

std::string_view to_string(WaitsFor what) {
  switch (what) {
    case WaitsFor::kNothing:
      return "";
    case WaitsFor::kChild:
      return "child";
    case WaitsFor::kUser:
      return "user";
    case WaitsFor::kExternal:
      return "external";
  }
  return "";
}

bool is_end(MissionState state) {
  return state == MissionState::kDone || state == MissionState::kCancelled ||
         state == MissionState::kFailed;
}

std::string_view name_of(const MissionEvent& event) {
  static constexpr std::array<std::string_view, std::variant_size_v<MissionEvent>> kEvents = {
      "turn_ended", "woken",  "answered", "provider_failed", "budget_spent",
      "pause",      "resume", "stop",     "broken",          "retry"};
  return kEvents[event.index()];
}

json::Object to_json(const MissionLimits& limits) {
  json::Object out{{"iterations", limits.iterations},
                   {"no_progress", limits.no_progress},
                   {"turns", limits.turns},
                   {"tool_calls", limits.tool_calls},
                   {"tokens", limits.tokens},
                   {"wall_seconds", static_cast<double>(limits.wall.count()) / 1000.0},
                   {"depth", limits.depth},
                   {"parallel", limits.parallel},
                   {"per_agent", limits.per_agent},
                   {"children", limits.children}};
  out["cost_usd"] = limits.cost_usd ? json::Value(*limits.cost_usd) : json::Value(nullptr);
  return out;
}

MissionLimits limits_from_json(const json::Value& value) {
  MissionLimits limits;
  const auto whole = [&value](const char* key, int fallback) {
    return static_cast<int>(json::get_int(value, key, fallback));
  };
  limits.iterations = whole("iterations", limits.iterations);
  limits.no_progress = whole("no_progress", limits.no_progress);
  limits.turns = whole("turns", limits.turns);
  limits.tool_calls = json::get_int(value, "tool_calls", limits.tool_calls);
  limits.tokens = json::get_int(value, "tokens", limits.tokens);
  limits.wall = Millis(static_cast<Millis::rep>(
      json::get_double(value, "wall_seconds", static_cast<double>(limits.wall.count()) / 1000.0) *
      1000.0));
  limits.depth = whole("depth", limits.depth);
  limits.parallel = whole("parallel", limits.parallel);
  limits.per_agent = whole("per_agent", limits.per_agent);
  limits.children = whole("children", limits.children);
  if (const json::Value* const cost = json::find(value, "cost_usd");
      cost != nullptr && cost->is_number()) {
    limits.cost_usd = json::get_double(value, "cost_usd");
  }
  return limits;
}

json::Object to_json(const MissionStatus& status) {
  return json::Object{{"state", to_string(status.state)},
                      {"waits_for", to_string(status.waits_for)},
                      {"reason", status.reason},
                      {"reason_code", status.reason_code},
                      {"iteration", status.iteration},
                      {"stagnation", status.stagnation},
                      {"refused_seals", status.refused_seals},
                      {"questions", status.questions},
                      {"retries", status.retries},
                      {"aborted", status.aborted},
                      {"fingerprint", status.fingerprint},
                      {"question", status.question}};
}

MissionStatus status_from_json(const json::Value& value) {
  MissionStatus status;
  status.state =
      mission_state_from(json::get_string(value, "state")).value_or(MissionState::kPlanning);
  const std::string_view waits = json::get_string(value, "waits_for");
  status.waits_for = waits == "child"      ? WaitsFor::kChild
                     : waits == "user"     ? WaitsFor::kUser
                     : waits == "external" ? WaitsFor::kExternal
                                           : WaitsFor::kNothing;
  status.reason = json::get_string(value, "reason");
  status.reason_code = json::get_string(value, "reason_code");
  status.iteration = static_cast<int>(json::get_int(value, "iteration"));
  status.stagnation = static_cast<int>(json::get_int(value, "stagnation"));
  status.refused_seals = static_cast<int>(json::get_int(value, "refused_seals"));
  status.questions = static_cast<int>(json::get_int(value, "questions"));
  status.retries = static_cast<int>(json::get_int(value, "retries"));
  status.aborted = json::get_bool(value, "aborted");
  status.fingerprint = json::get_string(value, "fingerprint");
  status.question = json::get_string(value, "question");
  return status;
}

MissionStep step_mission(MissionStatus status, const MissionEvent& event,
                         const MissionLimits& limits) {
  return Course(std::move(status), limits).run(event);
}

}  // namespace oap::orchestration
