// Runs that a process left when it died: what `resume_all` takes up, and what waits for them.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using ::testing::HasSubstr;
using testing::ScriptedRunner;
using ::testing::SizeIs;
using testing::step;
using testing::steps;
using testing::tool;

Deadline soon() { return Deadline::after(Millis(20'000)); }

class LeftRunsTest : public EngineHouse {
 protected:
  LeftRunsTest() { options_.park_after = Millis(0); }

  StartRequest request(Definition made, std::string id = "run_1") {
    StartRequest start;
    start.blueprint = testing::compiled(std::move(made));
    start.run_id = std::move(id);
    start.subworkflows = subworkflows_;
    return start;
  }
  static StepDefinition child(std::string workflow) {
    SubworkflowStep body;
    body.workflow = std::move(workflow);
    return step("sub", std::move(body));
  }
  static Definition in_group(Steps list, bool cancels) {
    Definition made = definition(std::move(list));
    made.concurrency = Concurrency{"g", cancels};
    return made;
  }
  bool sleeps(const store::RunFilter& filter) {
    const auto found = store_->runs().list(filter).value();
    return !found.empty() && found[0].owner.empty();
  }

  /// An engine that is gone without a word once this holds.
  Task<void> leave(StartRequest start, std::function<bool()> now) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, store_->runs(), runner_, system_clock(), options_);
    const auto id = co_await engine.start(std::move(start));
    EXPECT_TRUE(id);
    const Deadline last = soon();
    while (!now() && !last.passed()) {
      (void)co_await engine.show("run_1");
    }
    EXPECT_TRUE(now());
  }
  bool has_begun(std::string_view path) {
    return std::find(runner_.started.begin(), runner_.started.end(), path) != runner_.started.end();
  }

  Task<Result<RunResult>> take_up_all(Engine& engine) {
    OAP_CO_TRY(taken_, co_await engine.resume_all());
    co_return co_await engine.wait("run_1", soon());
  }
  Task<Result<RunResult>> take_up_and_cancel(Engine& engine) {
    OAP_CO_TRY(taken_, co_await engine.resume_all());
    OAP_CO_TRY(const std::string id, co_await engine.resume("run_1"));
    OAP_CO_CHECK_OK(co_await engine.cancel("run_1", "ada"));
    co_return co_await engine.wait("run_1", soon());
  }
  Task<Result<RunResult>> start_and_wait(Engine& engine, StartRequest start) {
    OAP_CO_TRY(const std::string id, co_await engine.start(std::move(start)));
    co_return co_await engine.wait(id, soon());
  }
  Task<Result<RunResult>> blocked_then_freed(Engine& engine, StartRequest start) {
    OAP_CO_TRY(const std::string id, co_await engine.start(std::move(start)));
    const Deadline last = soon();
    std::string waits;
    while (waits.find("resume") == std::string::npos && !last.passed()) {
      OAP_CO_TRY(const RunResult now, co_await engine.show(id));
      EXPECT_EQ(now.status, RunState::kPending);
      waits = now.waits_for;
    }
    EXPECT_THAT(waits, HasSubstr("'g'"));
    EXPECT_THAT(waits, HasSubstr("'oap workflow resume run_1'"));
    OAP_CO_TRY(const std::string other, co_await engine.resume("run_1"));
    co_return co_await engine.wait(id, soon());
  }

  std::vector<std::string> taken_;
};

TEST_F(LeftRunsTest, RunsThatSleepAboveOneThatIsTakenUpGoOnWhenItHasEnded) {
  subworkflows_["par"] = testing::compiled(steps(child("kid")));
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  runner_.gate("k");
  runtime_.run(leave(request(definition(steps(child("par"), tool("last", {"sub"})))), [this] {
    return has_begun("k") && sleeps({.id_prefix = "run_1"}) && sleeps({.parent_run = "run_1"});
  }));
  runner_ = ScriptedRunner();
  const RunResult result = drive([&](Engine& engine) { return take_up_all(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(taken_, SizeIs(3));
  EXPECT_THAT(runner_.started, ElementsAre("k", "last"));
}

TEST_F(LeftRunsTest, ARunThatWaitsForATimeIsTakenUpBeforeItHasCome) {
  WaitStep wait;
  wait.duration = "1h";
  runtime_.run(leave(request(definition(steps(step("w", std::move(wait))))),
                     [this] { return sleeps({.id_prefix = "run_1"}); }));
  const RunResult result = drive([&](Engine& engine) { return take_up_and_cancel(engine); });
  EXPECT_THAT(taken_, ElementsAre("run_1"));
  EXPECT_EQ(result.status, RunState::kCancelled);
}

TEST_F(LeftRunsTest, ARunThatWaitsForAPersonIsLeftAsItIs) {
  WaitStep wait;
  wait.signal = "go";
  runtime_.run(leave(request(definition(steps(step("w", std::move(wait))))),
                     [this] { return sleeps({.id_prefix = "run_1"}); }));
  const RunResult result = drive([&](Engine& engine) { return take_up_and_cancel(engine); });
  EXPECT_THAT(taken_, SizeIs(0));
  EXPECT_EQ(result.status, RunState::kCancelled);
}

TEST_F(LeftRunsTest, TheHolderOfAGroupThatDiedIsCancelledByWhoCancelsInProgress) {
  runner_.gate("a");
  runtime_.run(leave(request(in_group(steps(tool("a")), true)), [this] { return has_begun("a"); }));
  runner_ = ScriptedRunner();
  const RunResult result = drive([&](Engine& engine) {
    return start_and_wait(engine, request(in_group(steps(tool("b")), true), "run_2"));
  });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(store_->runs().find("run_1")->state, RunState::kCancelled);
  EXPECT_THAT(runner_.started, ElementsAre("b"));
}

TEST_F(LeftRunsTest, TheHolderOfAGroupThatDiedIsNamedWithWhatHelps) {
  runner_.gate("a");
  runtime_.run(
      leave(request(in_group(steps(tool("a")), false)), [this] { return has_begun("a"); }));
  runner_ = ScriptedRunner();
  const RunResult result = drive([&](Engine& engine) {
    return blocked_then_freed(engine, request(in_group(steps(tool("b")), false), "run_2"));
  });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace oap::workflow
