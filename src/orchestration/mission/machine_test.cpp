#include "orchestration/mission/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace oap::orchestration {
namespace {

template <class Effect>
bool has(const MissionStep& step) {
  for (const MissionEffect& effect : step.effects) {
    if (std::holds_alternative<Effect>(effect)) {
      return true;
    }
  }
  return false;
}

int continues(const MissionStep& step) {
  int count = 0;
  for (const MissionEffect& effect : step.effects) {
    count += std::holds_alternative<Continue>(effect) ? 1 : 0;
  }
  return count;
}

TurnEnded turn(std::string fingerprint = "f", bool plan = true) {
  TurnEnded ended;
  ended.has_plan = plan;
  ended.fingerprint = std::move(fingerprint);
  ended.open = {"T1 is open"};
  return ended;
}

MissionStatus in(MissionState state, WaitsFor waits = WaitsFor::kNothing) {
  MissionStatus status;
  status.state = state;
  status.waits_for = waits;
  return status;
}

struct Row {
  const char* what;
  MissionStatus from;
  MissionEvent event;
  MissionState to;
  int continues;
};

TEST(MissionMachine, Table) {
  using S = MissionState;
  TurnEnded sealed_done = turn();
  sealed_done.sealed = sealed_done.complete = sealed_done.plan_closed = true;
  TurnEnded sealed_open = turn();
  sealed_open.sealed = true;
  TurnEnded complete = turn();
  complete.complete = complete.plan_closed = true;
  TurnEnded asks = turn();
  asks.question = "which?";
  TurnEnded asks_and_seals = sealed_done;
  asks_and_seals.question = "which?";
  TurnEnded text_asks = turn();
  text_asks.text_question = "go on?";
  TurnEnded attended = text_asks;
  attended.attended = true;
  TurnEnded children = turn();
  children.children = 2;
  TurnEnded blocked = turn();
  blocked.only_blocked = true;
  MissionStatus question = in(S::kWaiting, WaitsFor::kUser);
  question.question = "which?";
  MissionStatus twice = in(S::kRunning);
  twice.questions = 1;
  MissionStatus last = in(S::kRunning);
  last.iteration = 49;
  MissionStatus tired = in(S::kRunning);
  tired.retries = 3;
  const std::vector<Row> rows = {
      {"no plan yet", in(S::kPlanning), turn("f", false), S::kPlanning, 1},
      {"a plan", in(S::kPlanning), turn(), S::kRunning, 1},
      {"sealed and complete", in(S::kRunning), sealed_done, S::kDone, 0},
      {"sealed, open", in(S::kRunning), sealed_open, S::kRunning, 1},
      {"complete without seal", in(S::kRunning), complete, S::kVerifying, 1},
      {"a question", in(S::kRunning), asks, S::kWaiting, 0},
      {"a question in the text", in(S::kRunning), text_asks, S::kRunning, 1},
      {"again", twice, text_asks, S::kWaiting, 0},
      {"a question in the text, someone there", in(S::kRunning), attended, S::kWaiting, 0},
      {"children", in(S::kRunning), children, S::kWaiting, 0},
      {"children in the last iteration", last, children, S::kPaused, 0},
      {"sealed and complete, with a question", in(S::kRunning), asks_and_seals, S::kWaiting, 0},
      {"only blocked", in(S::kRunning), blocked, S::kBlocked, 0},
      {"the last iteration", last, turn(), S::kPaused, 0},
      {"the last iteration sealed", last, sealed_done, S::kDone, 0},
      {"a child ends", in(S::kWaiting, WaitsFor::kChild), ChildEnded{}, S::kRunning, 1},
      {"a child ends while it works", in(S::kRunning), ChildEnded{}, S::kRunning, 0},
      {"a child ends, a question waits", question, ChildEnded{}, S::kWaiting, 0},
      {"an answer", question, Answered{}, S::kRunning, 1},
      {"an answer to nothing", in(S::kRunning), Answered{}, S::kRunning, 0},
      {"the provider is away", in(S::kRunning), ProviderFailed{"x", true}, S::kWaiting, 0},
      {"the time to try again", in(S::kWaiting, WaitsFor::kExternal), RetryDue{}, S::kRunning, 1},
      {"a time to try while it works", in(S::kRunning), RetryDue{}, S::kRunning, 0},
      {"and again", tired, ProviderFailed{"x", true}, S::kPaused, 0},
      {"the provider refuses", in(S::kRunning), ProviderFailed{"x", false}, S::kPaused, 0},
      {"a budget", in(S::kRunning), BudgetSpent{"tokens", "x"}, S::kPaused, 0},
      {"a budget while waiting", in(S::kWaiting, WaitsFor::kChild), BudgetSpent{"wall", "x"},
       S::kPaused, 0},
      {"pause", in(S::kRunning), PauseAsked{"me", "", false}, S::kPaused, 0},
      {"pause of a paused one", in(S::kPaused), PauseAsked{"me", "", false}, S::kPaused, 0},
      {"resume", in(S::kPaused), ResumeAsked{}, S::kRunning, 1},
      {"resume of a blocked one", in(S::kBlocked), ResumeAsked{}, S::kRunning, 1},
      {"resume with children", in(S::kPaused), ResumeAsked{"me", 2, false, 0}, S::kWaiting, 0},
      {"resume with a question", question, ResumeAsked{}, S::kWaiting, 0},
      {"resume with an answer", question, ResumeAsked{"me", 0, true, 0}, S::kRunning, 1},
      {"a turn of a paused one", in(S::kPaused), turn(), S::kPaused, 0},
      {"a turn while a question waits", question, sealed_done, S::kWaiting, 0},
      {"stop", in(S::kRunning), StopAsked{"me"}, S::kCancelled, 0},
      {"stop of a paused one", in(S::kPaused), StopAsked{"me"}, S::kCancelled, 0},
      {"broken", in(S::kRunning), Broken{"x"}, S::kFailed, 0},
      {"done is done", in(S::kDone), StopAsked{"me"}, S::kDone, 0},
      {"cancelled is cancelled", in(S::kCancelled), ResumeAsked{}, S::kCancelled, 0},
  };
  for (const Row& row : rows) {
    const MissionStep step = step_mission(row.from, row.event, {});
    EXPECT_EQ(to_string(step.status.state), to_string(row.to)) << row.what;
    EXPECT_EQ(continues(step), row.continues) << row.what;
  }
}

TEST(MissionMachine, NoProgressThreeTimesPausesWithWhatIsOpen) {
  MissionStatus status = in(MissionState::kRunning);
  int injected = 0;
  while (status.state == MissionState::kRunning) {
    const MissionStep step = step_mission(status, turn("same"), {});
    injected += continues(step);
    status = step.status;
  }
  EXPECT_EQ(injected, 3);
  EXPECT_EQ(status.reason_code, "no_progress");
  EXPECT_THAT(status.reason, ::testing::HasSubstr("T1 is open"));
}

TEST(MissionMachine, ProgressInBetweenStartsTheCountAnew) {
  MissionStatus status = in(MissionState::kRunning);
  for (int i = 0; i < 40; ++i) {
    status = step_mission(status, turn(i % 3 == 0 ? std::to_string(i) : "same"), {}).status;
  }
  EXPECT_EQ(status.state, MissionState::kRunning);
}

TEST(MissionMachine, RetriesBackOff) {
  MissionStatus status = in(MissionState::kRunning);
  std::vector<Millis> waits;
  while (true) {
    const MissionStep step = step_mission(status, ProviderFailed{"down", true}, {});
    status = step.status;
    if (status.state == MissionState::kPaused) {
      break;
    }
    waits.push_back(std::get<RetryLater>(step.effects.at(0)).after);
    status = step_mission(status, RetryDue{}, {}).status;
    EXPECT_EQ(status.state, MissionState::kRunning);
  }
  EXPECT_THAT(waits, ::testing::ElementsAre(Millis(2'000), Millis(4'000), Millis(8'000)));
}

TEST(MissionMachine, StatusAndLimitsSurviveTheStore) {
  MissionStatus status = in(MissionState::kWaiting, WaitsFor::kUser);
  status.question = "which?";
  status.iteration = 7;
  status.aborted = true;
  status.reason_code = "question";
  const MissionStatus again = status_from_json(json::Value(to_json(status)));
  EXPECT_EQ(json::Value(to_json(again)), json::Value(to_json(status)));
  MissionLimits limits;
  limits.cost_usd = 1.5;
  limits.wall = Millis(1'500);
  EXPECT_EQ(json::Value(to_json(limits_from_json(json::Value(to_json(limits))))),
            json::Value(to_json(limits)));
}

MissionEvent drawn(int kind, int detail) {
  TurnEnded ended = turn("f" + std::to_string(detail % 5), detail % 2 == 0);
  ended.sealed = detail % 3 == 0;
  ended.complete = detail % 7 == 0;
  ended.plan_closed = ended.complete;
  ended.only_blocked = detail % 11 == 0;
  ended.children = detail % 13 == 0 ? 2 : 0;
  ended.question = detail % 17 == 0 ? "q" : "";
  ended.text_question = detail % 5 == 0 ? "t?" : "";
  ended.attended = detail % 4 == 0;
  switch (kind) {
    case 0:
      return ChildEnded{};
    case 1:
      return Answered{};
    case 2:
      return ProviderFailed{"x", detail % 2 == 0};
    case 3:
      return BudgetSpent{"tokens", "x"};
    case 4:
      return PauseAsked{"me", "", detail % 2 == 0};
    case 5:
      return ResumeAsked{"me", detail % 3, detail % 2 == 0, 0};
    case 6:
      return detail % 50 == 0 ? MissionEvent(StopAsked{"me"}) : MissionEvent(ended);
    case 8:
      return RetryDue{};
    case 7:
      return detail % 60 == 0 ? MissionEvent(Broken{"x"}) : MissionEvent(ended);
    default:
      return ended;
  }
}

TEST(MissionMachineProperty, WhateverHappens) {
  EXPECT_TRUE(rc::check([] {
    const auto events = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 14), rc::gen::inRange(1, 1'000)));
    MissionStatus status;
    MissionLimits limits;
    limits.iterations = 10;
    bool aborted = false;
    int since_resume = 0;
    for (const auto& [kind, detail] : events) {
      const MissionEvent event = drawn(kind, detail);
      const MissionStatus before = status;
      const MissionStep step = step_mission(status, event, limits);
      status = step.status;
      const bool resumed = std::holds_alternative<ResumeAsked>(event);
      // An end absorbs everything.
      if (is_end(before.state)) {
        RC_ASSERT(json::Value(to_json(status)) == json::Value(to_json(before)));
        RC_ASSERT(step.effects.empty());
        continue;
      }
      // One continuation at most, and never together with a halt.
      RC_ASSERT(continues(step) <= 1);
      RC_ASSERT(!(has<Halt>(step) && continues(step) > 0));
      // A sticky abort: nothing continues until a person resumes.
      const auto* const pause = std::get_if<PauseAsked>(&event);
      aborted = (aborted && !resumed) || (pause != nullptr && pause->abort);
      RC_ASSERT(!aborted || continues(step) == 0);
      // A question waits: nothing is injected but by an answer.
      if (before.waits_for == WaitsFor::kUser && continues(step) > 0) {
        RC_ASSERT(std::holds_alternative<Answered>(event) || resumed);
      }
      RC_ASSERT(status.waits_for == WaitsFor::kNothing || status.state == MissionState::kWaiting);
      RC_ASSERT(status.state != MissionState::kWaiting || status.waits_for != WaitsFor::kNothing);
      // It is done by a seal that the verdict bears out, and by nothing else.
      if (status.state == MissionState::kDone) {
        const auto* const ended = std::get_if<TurnEnded>(&event);
        RC_ASSERT(ended != nullptr && ended->sealed && ended->complete);
      }
      // Where it neither works nor has ended, it says why.
      const bool at_work = status.state == MissionState::kPlanning ||
                           status.state == MissionState::kRunning ||
                           status.state == MissionState::kVerifying;
      RC_ASSERT(at_work || !status.reason.empty());
      // The budget holds between two acts of a person.
      since_resume = resumed ? 0 : since_resume + continues(step);
      RC_ASSERT(status.iteration < limits.iterations || continues(step) == 0 || resumed ||
                !std::holds_alternative<TurnEnded>(event));
    }
  }));
}

}  // namespace
}  // namespace oap::orchestration
