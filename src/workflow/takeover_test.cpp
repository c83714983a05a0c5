// Two engines on one database file, and clocks that jump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using testing::ScriptedRunner;
using testing::step;
using testing::steps;
using testing::tool;

Deadline soon() { return Deadline::after(Millis(20'000)); }

/// The machine's clock with a wall time that somebody sets.
class JumpingClock final : public Clock {
 public:
  SteadyTime steady() const override { return system_clock().steady(); }
  WallTime wall() const override { return system_clock().wall() + offset.load(); }
  std::atomic<Millis> offset{Millis(0)};
};

class TakeoverTest : public EngineHouse {
 protected:
  TakeoverTest() : second_(store::Store::open(dir_ / "oap.db").value()) {}

  StartRequest request(Steps list) {
    StartRequest made;
    made.blueprint = testing::compiled(std::move(list));
    made.run_id = "run_1";
    return made;
  }

  /// The first engine owns the run under a name that no process has, and its lease runs out as if
  /// it were stopped; it then goes on, and must change nothing.
  Task<Result<RunResult>> fenced() {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine::Options asleep;
    asleep.owner = "another machine";
    asleep.lease = Millis(60'000);
    Engine first(executor, store_->runs(), runner_, system_clock(), asleep);
    OAP_CO_TRY(const std::string id,
               co_await first.start(request(steps(tool("a"), tool("b", {"a"})))));
    EXPECT_TRUE(co_await runner_.begun("a").get(soon()));
    OAP_CO_CHECK_OK(second_->runs().renew("another machine", WallTime{}));
    ScriptedRunner other;
    Engine second(executor, second_->runs(), other, system_clock(), {});
    const Result<std::string> taken = co_await second.resume(id);
    EXPECT_TRUE(taken);
    OAP_CO_TRY(const RunResult result, co_await second.wait(id, soon()));
    runner_.gate("a").set(ScriptedRunner::good("late"));
    const Result<RunResult> late = co_await first.wait(id, soon());
    if (!late) {
      EXPECT_EQ(late.error().code(), Code::kFailedPrecondition);
    } else {
      EXPECT_EQ(late->steps[0].output, "a");
    }
    EXPECT_THAT(other.started, ElementsAre("a", "b"));
    EXPECT_EQ(other.calls[0].key, runner_.calls[0].key);
    co_await first.close(soon());
    co_await second.close(soon());
    co_return result;
  }

  /// Left waiting for an approval that nobody's process looks after.
  Task<void> left_with_approval() {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    ApprovalStep approval;
    approval.message = "ship?";
    approval.expires = Millis(3'600'000);
    Engine engine(executor, store_->runs(), runner_, system_clock(), {});
    const auto id = co_await engine.start(request(steps(step("ok", std::move(approval)))));
    EXPECT_TRUE(id);
  }
  Task<Result<RunResult>> vote_late(Engine& engine) {
    const Result<void> vote = co_await engine.approve("run_1", "ok", {"ada", true, "", nullptr});
    co_return fail(vote ? Error(Code::kInternal, "it counted") : vote.error());
  }

  Task<Result<RunResult>> living_owner() {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine first(executor, store_->runs(), runner_, system_clock(), {});
    OAP_CO_TRY(const std::string id, co_await first.start(request(steps(tool("a")))));
    EXPECT_TRUE(co_await runner_.begun("a").get(soon()));
    Engine second(executor, second_->runs(), runner_, system_clock(), {});
    const Result<std::string> taken = co_await second.resume(id);
    EXPECT_EQ(taken.error().code(), Code::kFailedPrecondition);
    OAP_CO_TRY(const auto none, co_await second.resume_all());
    EXPECT_TRUE(none.empty());
    runner_.gate("a").set(ScriptedRunner::good());
    Result<RunResult> result = co_await first.wait(id, soon());
    co_await first.close(soon());
    co_await second.close(soon());
    co_return result;
  }

  Task<Result<RunResult>> jumping(JumpingClock& clock, Millis jump) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine::Options options;
    options.park_after = Millis(0);
    Engine engine(executor, store_->runs(), runner_, clock, options);
    WaitStep wait;
    wait.duration = "50ms";
    StepDefinition flaky = tool("flaky", {"w"});
    flaky.retry.max_attempts = 3;
    flaky.retry.initial = Millis(20);
    OAP_CO_TRY(const std::string id,
               co_await engine.start(request(steps(step("w", std::move(wait)), std::move(flaky)))));
    clock.offset = jump;
    Result<RunResult> result = co_await engine.wait(id, soon());
    co_await engine.close(soon());
    co_return result;
  }

  std::unique_ptr<store::Store> second_;
};

TEST_F(TakeoverTest, AnOwnerWhoseLeaseRanOutIsFenced) {
  runner_.gate("a");
  const auto result = runtime_.run(fenced());
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status, RunState::kCompleted);
  EXPECT_EQ(result->outputs.at("a"), "a");
  const auto chain = store_->runs().verify("run_1").value();
  EXPECT_TRUE(chain.intact) << chain.problem;
}

TEST_F(TakeoverTest, ALivingOwnerKeepsItsRuns) {
  runner_.gate("a");
  const auto result = runtime_.run(living_owner());
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status, RunState::kCompleted);
}

TEST_F(TakeoverTest, AClockThatJumpsHoldsNothingUp) {
  for (const Millis jump : {Millis(-3'600'000), Millis(3'600'000)}) {
    store_ = store::Store::open(dir_ / fmt::format("jump{}.db", jump.count())).value();
    runner_.answer("flaky", ScriptedRunner::bad("once more", true));
    JumpingClock clock;
    const auto began = std::chrono::steady_clock::now();
    const auto result = runtime_.run(jumping(clock, jump));
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->status, RunState::kCompleted) << result->error;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  }
}

TEST_F(TakeoverTest, AVoteAfterItsTimeIsRefusedAlsoWhereNoProcessHasNoticed) {
  runtime_.run(left_with_approval());
  JumpingClock later;
  later.offset = Millis(7'200'000);
  clock_ = &later;
  const auto result = try_drive([&](Engine& engine) { return vote_late(engine); });
  EXPECT_EQ(result.error().code(), Code::kFailedPrecondition);
  EXPECT_NE(result.error().message().find("is over since"), std::string::npos);
}

TEST_F(TakeoverTest, WhoIsAliveIsKnown) {
  EXPECT_TRUE(is_alive("another machine"));
  EXPECT_FALSE(is_alive("pid 999999999 start 1 #1"));
  EXPECT_FALSE(is_alive("pid 1 start 999999999999 #1"));
}

}  // namespace
}  // namespace oap::workflow
