// What a crash, a cancel or a failing store must not bring about: work begun again, children left
// alone, groups and places held by nobody, runs owned by who cannot run them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/engine_house.hpp"
#include "workflow/testing/faulty_runs.hpp"

namespace oap::workflow {
namespace {

using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using testing::FaultyRuns;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::parsed;
using testing::ScriptedRunner;
using ::testing::SizeIs;
using testing::step;
using testing::steps;
using testing::tool;

Deadline soon() { return Deadline::after(Millis(10'000)); }

StepDefinition child_step(std::string id, std::vector<std::string> needs = {}) {
  SubworkflowStep child;
  child.workflow = "kid";
  return step(std::move(id), std::move(child), std::move(needs));
}

class RecoveryTest : public EngineHouse {
 protected:
  using Deed = std::function<Task<void>(Engine&)>;

  StartRequest request(Definition made, std::string id = "run_1") {
    StartRequest start;
    start.blueprint = testing::compiled(std::move(made));
    start.run_id = std::move(id);
    start.user = "ada";
    start.subworkflows = subworkflows_;
    return start;
  }

  /// Starts the run, lets `deed` happen, waits until the engine has lost the run to a store that
  /// takes no more after so many writes (or, with none, goes at once); then the engine is gone.
  Task<void> crash(FaultyRuns& runs, StartRequest start, Deed deed) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, runs, runner_, system_clock(), options_);
    const auto id = co_await engine.start(std::move(start));
    EXPECT_TRUE(id);
    Task<void> task = deed(engine);
    co_await std::move(task);
  }
  void crash_after(int writes, Definition made, const Deed& deed) {
    FaultyRuns faulty(store_->runs());
    faulty.die_after(writes);
    runtime_.run(crash(faulty, request(std::move(made)), deed));
  }

  /// Another engine takes up all there is, the moment that the first is gone.
  Task<Result<RunResult>> left_then_taken(Engine& engine, int count) {
    co_await many_left(count);
    runner_ = ScriptedRunner();
    co_return co_await go_on(engine);
  }

  /// Another engine takes up all there is.
  Task<Result<RunResult>> go_on(Engine& engine) {
    OAP_CO_TRY(const auto ids, co_await engine.resume_all());
    taken_ = ids.size();
    (void)co_await engine.resume("run_1");  // it may sleep
    co_return co_await engine.wait("run_1", soon());
  }
  RunResult resumed() {
    return drive([&](Engine& engine) { return go_on(engine); });
  }

  Task<void> begun(std::string path) {
    const auto started = co_await runner_.begun(path).get(soon());
    EXPECT_TRUE(started) << path;
  }
  Task<void> begun_then_cancelled(Engine& engine, std::string path) {
    co_await begun(path);
    const auto cancelled = co_await engine.cancel("run_1", "ada");
    EXPECT_TRUE(cancelled);
    while (journal().find(R"("e":"cancel")") == std::string::npos) {
      (void)co_await engine.show("run_1");
    }
  }
  std::string journal() {
    std::string text;
    const auto rows = store_->runs().events("run_1", 0, 1'000).value();
    for (const store::EventRow& row : rows) {
      text += row.body;
    }
    return text;
  }
  Task<void> fails(Engine& engine) {
    while (journal().find(R"("e":"fail")") == std::string::npos) {
      (void)co_await engine.show("run_1");
    }
  }
  Task<void> lost(Engine& engine) {
    const auto result = co_await engine.wait("run_1", soon());
    EXPECT_FALSE(result);
  }
  Task<void> many_left(int count) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, store_->runs(), runner_, system_clock(), options_);
    for (int i = 1; i <= count; ++i) {
      const std::string step = fmt::format("a{}", i);
      runner_.gate(step);
      const auto id =
          co_await engine.start(request(definition(steps(tool(step))), fmt::format("run_{}", i)));
      EXPECT_TRUE(id);
      co_await begun(step);
    }
  }
  Deed cancel_when_begun(std::string path) {
    return [this, path](Engine& engine) { return begun_then_cancelled(engine, path); };
  }
  Deed leave_when_begun(std::string path) {
    return [this, path](Engine&) { return begun(path); };
  }

  std::vector<store::RunRecord> children() {
    return store_->runs().list({.parent_run = "run_1"}).value();
  }

  Task<Result<RunResult>> started_twice(Engine& engine, FaultyRuns& faulty) {
    runner_.gate("hold");
    OAP_CO_TRY(const auto held,
               co_await engine.start(request(definition(steps(tool("hold"))), "run_0")));
    const auto again = co_await engine.start(request(definition(steps(tool("hold"))), "run_0"));
    EXPECT_EQ(again.error().code(), Code::kAlreadyExists);
    runner_.gate("hold").set(ScriptedRunner::good());
    OAP_CO_TRY(const RunResult first, co_await engine.wait(held, soon()));
    faulty.fill_after(1);
    OAP_CO_TRY(const auto id,
               co_await engine.start(request(definition(steps(tool("a"), tool("b", {"a"}))))));
    const auto lost = co_await engine.wait(id, soon());
    EXPECT_FALSE(lost);
    faulty.recover();
    OAP_CO_TRY(const auto next,
               co_await engine.start(request(definition(steps(tool("c"))), "run_2")));
    co_return co_await engine.wait(next, soon());
  }
  Task<Result<RunResult>> with_faulty(FaultyRuns& faulty,
                                      std::function<Task<Result<RunResult>>(Engine&)> act) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, faulty, runner_, system_clock(), options_);
    Task<Result<RunResult>> task = act(engine);
    Result<RunResult> result = co_await std::move(task);
    co_await engine.close(soon());
    co_return result;
  }

  Task<Result<RunResult>> resolved(Engine& engine) {
    OAP_CO_TRY(const auto ids, co_await engine.resume_all());
    while (true) {
      OAP_CO_TRY(const RunResult now, co_await engine.show("run_1"));
      if (now.steps[0].state == StepState::kUnknown) {
        break;
      }
    }
    Resolution resolution;
    resolution.kind = Resolution::Kind::kCompleted;
    OAP_CO_CHECK_OK(co_await engine.resolve("run_1", "a", resolution));
    co_return co_await engine.wait("run_1", soon());
  }

  Task<Result<RunResult>> one_bad_run(FaultyRuns& faulty, Engine& engine) {
    OAP_CO_TRY(const auto ids, co_await engine.resume_all());
    EXPECT_THAT(ids, ElementsAre("run_2"));
    const auto record = faulty.find("run_1");
    EXPECT_EQ(record ? record->owner : "none", "");
    const auto resumed = co_await engine.resume("run_1");
    EXPECT_EQ(resumed.error().code(), Code::kDataLoss);
    EXPECT_THAT(resumed.error().to_string(), HasSubstr("hash"));
    const auto after = faulty.find("run_1");
    EXPECT_EQ(after ? after->owner : "none", "");
    const auto shown = co_await engine.show("run_1");
    EXPECT_EQ(shown.error().code(), Code::kDataLoss);
    co_return co_await engine.wait("run_2", soon());
  }

  Task<void> closed_while_running(Engine& engine) {
    co_await begun("a");
    co_await engine.close(soon());
  }

  std::size_t taken_ = 0;
};

TEST_F(RecoveryTest, ACancelledRunBeginsNothingAgain) {
  runner_.gate("a");
  Definition made = definition(steps(tool("a")));
  made.finally = steps(tool("tidy"));
  crash_after(2, std::move(made), cancel_when_begun("a"));
  const RunResult result = resumed();
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(states(result), ElementsAre("a:cancelled", "finally.tidy:completed"));
  EXPECT_THAT(runner_.started, ElementsAre("a", "finally.tidy"));
}

TEST_F(RecoveryTest, AStoppedBlockBeginsNothingAgain) {
  StepDefinition bad = tool("bad");
  bad.on_failure = FailurePolicy::kFailFast;
  runner_.gate("slow");
  runner_.answer("bad", ScriptedRunner::bad("no"));
  const Deed stopped = [this](Engine& engine) { return fails(engine); };
  crash_after(-1, definition(steps(tool("slow"), std::move(bad))), stopped);
  const RunResult result = resumed();
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(states(result), ElementsAre("slow:cancelled", "bad:failed"));
}

TEST_F(RecoveryTest, ADoubtInACancelledRunIsToldAndNotAsked) {
  StepDefinition send = tool("send");
  send.effect = Effect::kOnce;
  runner_.gate("send");
  crash_after(2, definition(steps(std::move(send))), cancel_when_begun("send"));
  const RunResult result = resumed();
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(runner_.started, ElementsAre("send"));
  EXPECT_THAT(result.steps[0].error, HasSubstr("may have taken effect"));
}

TEST_F(RecoveryTest, AChildDoesNotOutliveItsParentsCancel) {
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  runner_.gate("k");
  crash_after(4, definition(steps(child_step("sub"))), cancel_when_begun("k"));  // it sleeps once
  const RunResult result = resumed();
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(runner_.started, ElementsAre("k"));
  ASSERT_THAT(children(), SizeIs(1));
  EXPECT_EQ(children()[0].state, RunState::kCancelled);
}

TEST_F(RecoveryTest, AChildThatHadNotBegunIsNotBegunByACancelledParent) {
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  crash_after(1, definition(steps(child_step("sub"))),
              [this](Engine& engine) { return lost(engine); });
  ASSERT_TRUE(store_->runs().post({"evt_1", "run_1", {}, R"({"kind":"cancel","by":"ada"})"}));
  const RunResult result = resumed();
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(states(result), ElementsAre("sub:cancelled"));
  EXPECT_THAT(children(), IsEmpty());
}

TEST_F(RecoveryTest, ALargeInputOfAChildIsReadAgain) {
  Definition kid = definition(steps(tool("k")));
  kid.inputs = parsed(R"({"big":{"type":"string"}})").get_object();
  kid.outputs = {{"size", "${{ size(inputs.big) }}"}};
  subworkflows_["kid"] = testing::compiled(std::move(kid));
  for (const int writes : {1, 2}) {  // before the child was made, and after
    SCOPED_TRACE(writes);
    runner_ = ScriptedRunner();
    store_ = store::Store::open(dir_ / fmt::format("big{}.db", writes)).value();
    if (writes == 2) {
      runner_.gate("k");
    }
    Definition again = definition({});
    again.steps.push_back(child_step("sub"));
    std::get<SubworkflowStep>(again.steps[0].body).inputs = {{"big", std::string(40'000, 'x')}};
    again.outputs = {{"size", "${{ steps.sub.outputs.size }}"}};
    crash_after(writes, std::move(again),
                [this, writes](Engine& engine) { return writes == 2 ? begun("k") : lost(engine); });
    runner_ = ScriptedRunner();
    const RunResult result = resumed();
    EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
    EXPECT_EQ(result.outputs.at("size"), 40'000);
    EXPECT_THAT(children(), SizeIs(1));
  }
}

TEST_F(RecoveryTest, AStepThatIsCancelledGivesItsGroupBack) {
  StepDefinition cell = tool("cell");
  cell.concurrency = "g-${{ matrix.os }}";
  Matrix matrix;
  matrix.axes["os"] = parsed(R"(["a","b"])");
  matrix.fail_fast = true;
  cell.matrix = std::move(matrix);
  StepDefinition after = tool("after", {"cell"});
  after.concurrency = "g-b";
  after.condition = "always()";
  runner_.gate("cell[1]");
  runner_.answer("cell[0]", ScriptedRunner::bad("no"));
  runner_.on_start = [this](const StepRequest& request) {
    if (request.path == "cell[1]") {
      runner_.gate("cell[0]").set(ScriptedRunner::bad("no"));
    }
  };
  runner_.gate("cell[0]");
  const RunResult result = run(steps(std::move(cell), std::move(after)));
  EXPECT_THAT(states(result),
              ElementsAre("cell:failed", "after:completed", "cell[0]:failed", "cell[1]:cancelled"));
}

TEST_F(RecoveryTest, AStepThatIsResolvedAfterACrashGivesItsGroupBack) {
  StepDefinition a = tool("a");
  a.concurrency = "g";
  a.effect = Effect::kOnce;
  StepDefinition b = tool("b", {"a"});
  b.concurrency = "g";
  runner_.gate("a");
  crash_after(-1, definition(steps(std::move(a), std::move(b))), leave_when_begun("a"));
  const RunResult result = drive([&](Engine& engine) { return resolved(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("a", "b"));
}

TEST_F(RecoveryTest, WhatDoesNotBeginLeavesItsPlace) {
  options_.limits.tenant = 1;
  FaultyRuns faulty(store_->runs());
  const auto result = runtime_.run(
      with_faulty(faulty, [&](Engine& engine) { return started_twice(engine, faulty); }));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status, RunState::kCompleted);
}

TEST_F(RecoveryTest, ACompensationIsTriedAgainInARunThatStops) {
  StepDefinition a = tool("a");
  a.compensate = std::make_unique<StepDefinition>(tool("undo"));
  a.compensate->retry.max_attempts = 3;
  StepDefinition b = tool("b", {"a"});
  b.on_failure = FailurePolicy::kFailFast;
  runner_.answer("b", ScriptedRunner::bad("no"));
  runner_.answer("a.compensate", ScriptedRunner::bad("not yet", true));
  const RunResult result = run(steps(std::move(a), std::move(b)));
  EXPECT_THAT(states(result), ElementsAre("a:completed", "b:failed", "a.compensate:completed"));
  EXPECT_EQ(result.steps[2].attempts, 2);
}

TEST_F(RecoveryTest, ARunThatCannotBeReadIsLeftToNobodyAndHoldsUpNoOther) {
  for (const std::string id : {"run_1", "run_2"}) {
    const std::string name = id.substr(id.size() - 5);
    runner_.gate(name);
    FaultyRuns passing(store_->runs());
    runtime_.run(
        crash(passing, request(definition(steps(tool(name))), id), leave_when_begun(name)));
  }
  runner_ = ScriptedRunner();
  FaultyRuns faulty(store_->runs());
  faulty.tamper = [](const std::string& id, store::EventRow& row) {
    if (id == "run_1") {
      row.body += " ";
    }
  };
  const auto result = runtime_.run(
      with_faulty(faulty, [&](Engine& engine) { return one_bad_run(faulty, engine); }));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status, RunState::kCompleted);
}

TEST_F(RecoveryTest, AnEngineThatClosesBeginsNothingMore) {
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  runner_.gate("a");
  runner_.answer("a", ScriptedRunner::good());  // it ends well although it is cancelled
  FaultyRuns passing(store_->runs());
  runtime_.run(crash(
      passing, request(definition(steps(tool("a"), child_step("sub", {"a"}), tool("b", {"a"})))),
      [this](Engine& engine) { return closed_while_running(engine); }));
  EXPECT_THAT(runner_.started, ElementsAre("a"));
  EXPECT_THAT(children(), IsEmpty());
  EXPECT_EQ(store_->runs().find("run_1")->owner, "");
  const RunResult result = resumed();
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(children(), SizeIs(1));
}

TEST_F(RecoveryTest, AnEngineThatIsGoneOwnsNothingWhateverStillEnds) {
  constexpr int kRuns = 50;
  options_.limits = {.tenant = 0, .tool = 0, .tools = {}};
  const RunResult result = drive([&](Engine& engine) { return left_then_taken(engine, kRuns); });
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_EQ(taken_, static_cast<std::size_t>(kRuns));
}

}  // namespace
}  // namespace oap::workflow
