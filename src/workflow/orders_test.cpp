// What people and other processes tell a run, and what a run owes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/sleep.hpp"
#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::block;
using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using ::testing::HasSubstr;
using testing::parsed;
using testing::ScriptedRunner;
using ::testing::SizeIs;
using testing::step;
using testing::steps;
using testing::tool;

Deadline soon() { return Deadline::after(Millis(20'000)); }

class OrdersTest : public EngineHouse {
 protected:
  StartRequest request(Definition definition) {
    StartRequest made;
    made.blueprint = testing::compiled(std::move(definition));
    made.run_id = "run_1";
    made.user = "ada";
    made.subworkflows = subworkflows_;
    return made;
  }
  Definition with_approval() {
    ApprovalStep approval;
    approval.message = "ship?";
    approval.approvers = {"bob", "eve"};
    approval.quorum = 2;
    approval.form = parsed(R"({"type":"object","required":["tag"]})");
    return definition(steps(step("ok", std::move(approval)), tool("ship", {"ok"})));
  }
  static Vote vote(std::string by, bool approve = true) {
    return {std::move(by), approve, "fine", parsed(R"({"tag":"v1"})")};
  }
  /// Waits until the run shows what is wanted.
  Task<Result<void>> until(Engine& engine, std::function<bool(const RunResult&)> wanted) {
    for (int i = 0; i < 5'000; ++i) {
      OAP_CO_TRY(const RunResult now, co_await engine.show("run_1"));
      if (wanted(now)) {
        co_return Result<void>{};
      }
    }
    co_return fail(Code::kDeadlineExceeded, "it never was so");
  }
  static bool waits(const RunResult& run) { return !run.waits_for.empty(); }

  Task<Result<RunResult>> approvals(Engine& engine) {
    OAP_CO_TRY(const std::string id, co_await engine.start(request(with_approval())));
    OAP_CO_CHECK_OK(co_await until(engine, waits));
    const Result<void> stranger = co_await engine.approve(id, "ok", vote("mallory"));
    EXPECT_EQ(stranger.error().code(), Code::kPermissionDenied);
    const Result<void> nothing = co_await engine.approve(id, "ship", vote("bob"));
    EXPECT_EQ(nothing.error().code(), Code::kInvalidArgument);
    Vote formless = vote("bob");
    formless.form = nullptr;
    const Result<void> bare = co_await engine.approve(id, "ok", formless);
    EXPECT_EQ(bare.error().code(), Code::kInvalidArgument);
    OAP_CO_CHECK_OK(co_await engine.approve(id, "ok", vote("bob")));
    const Result<void> twice = co_await engine.approve(id, "ok", vote("bob"));
    EXPECT_EQ(twice.error().code(), Code::kFailedPrecondition);
    EXPECT_THAT(twice.error().message(), HasSubstr("1 more must"));
    OAP_CO_TRY(const RunResult one, co_await engine.show(id));
    EXPECT_EQ(one.steps[0].state, StepState::kRunning);
    OAP_CO_CHECK_OK(co_await engine.approve(id, "ok", vote("eve")));
    co_return co_await engine.wait(id, soon());
  }

  Task<Result<RunResult>> denied(Engine& engine) {
    OAP_CO_TRY(const std::string id, co_await engine.start(request(with_approval())));
    OAP_CO_CHECK_OK(co_await engine.approve(id, "ok", vote("bob", false)));
    const Result<void> late = co_await engine.approve(id, "ok", vote("bob"));
    EXPECT_EQ(late.error().code(), Code::kFailedPrecondition);
    co_return co_await engine.wait(id, soon());
  }

  Task<Result<RunResult>> doubt(Engine& engine, Resolution::Kind kind) {
    StepDefinition send = tool("send");
    send.effect = Effect::kOnce;
    OAP_CO_TRY(const std::string id,
               co_await engine.start(request(definition(steps(std::move(send))))));
    OAP_CO_CHECK_OK(co_await until(engine, waits));
    Resolution resolution;
    resolution.kind = kind;
    resolution.output = "sent";
    const Result<void> other = co_await engine.resolve(id, "none", resolution);
    EXPECT_EQ(other.error().code(), Code::kInvalidArgument);
    OAP_CO_CHECK_OK(co_await engine.resolve(id, "send", resolution));
    co_return co_await engine.wait(id, soon());
  }

  Task<Result<RunResult>> cancel_child(Engine& engine) {
    SubworkflowStep child;
    child.workflow = "kid";
    Definition made = definition(steps(step("kid", std::move(child))));
    made.finally = steps(tool("tidy"));
    OAP_CO_TRY(const std::string id, co_await engine.start(request(std::move(made))));
    EXPECT_TRUE(co_await runner_.begun("k").get(soon()));
    OAP_CO_CHECK_OK(co_await engine.cancel(id, "ada"));
    co_return co_await engine.wait(id, soon());
  }

  Task<Result<void>> until_child(std::function<bool(const store::RunRecord&)> wanted) {
    const Deadline last = soon();
    while (!last.passed()) {
      const auto found = store_->runs().list({.parent_run = "run_1"}).value();
      if (!found.empty() && wanted(found[0])) {
        co_return Result<void>{};
      }
      OAP_CO_CHECK_OK(co_await async::sleep_for(Millis(1)));
    }
    co_return fail(Code::kDeadlineExceeded, "the child never was so");
  }
  Task<Result<RunResult>> pause_child(Engine& engine) {
    SubworkflowStep child;
    child.workflow = "kid";
    OAP_CO_TRY(const std::string id,
               co_await engine.start(request(definition(steps(step("kid", std::move(child)))))));
    EXPECT_TRUE(co_await runner_.begun("k").get(soon()));
    OAP_CO_CHECK_OK(co_await engine.pause(id, "ada"));
    OAP_CO_CHECK_OK(co_await until_child(
        [](const store::RunRecord& kid) { return kid.state == RunState::kPaused; }));
    runner_.gate("k").set(ScriptedRunner::good());
    OAP_CO_CHECK_OK(co_await until_child(
        [](const store::RunRecord& kid) { return kid.waits_for == "unpause"; }));
    EXPECT_THAT(runner_.started, ElementsAre("k"));
    OAP_CO_CHECK_OK(co_await engine.unpause(id, "ada", {}));
    co_return co_await engine.wait(id, soon());
  }

  Task<Result<RunResult>> budgeted(Engine& engine) {
    AgentStep agent;
    agent.prompt = "p";
    AgentStep again;
    again.prompt = "p";
    Definition made =
        definition(steps(step("one", std::move(agent)), step("two", std::move(again), {"one"})));
    made.budget.tokens = 100;
    runner_.reply = [](const StepRequest&) {
      auto answer = ScriptedRunner::good();
      answer->usage.tokens = 120;
      return answer;
    };
    OAP_CO_TRY(const std::string id, co_await engine.start(request(std::move(made))));
    OAP_CO_CHECK_OK(co_await until(
        engine, [](const RunResult& run) { return run.status == RunState::kPaused; }));
    Budget more;
    more.tokens = 500;
    OAP_CO_CHECK_OK(co_await engine.unpause(id, "ada", more));
    co_return co_await engine.wait(id, soon());
  }

  /// The order comes through another engine on another connection.
  Task<Result<RunResult>> from_outside(Engine& engine) {
    WaitStep wait;
    wait.signal = "go";
    OAP_CO_TRY(const std::string id,
               co_await engine.start(request(definition(steps(step("w", std::move(wait)))))));
    OAP_CO_CHECK_OK(co_await until(engine, waits));
    auto other = store::Store::open(dir_ / "oap.db").value();
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine outside(executor, other->runs(), runner_, system_clock(), {});
    json::Value payload("hello");
    OAP_CO_CHECK_OK(co_await outside.signal(id, "go", payload));
    Result<RunResult> result = co_await engine.wait(id, soon());
    co_await outside.close(soon());
    co_return result;
  }
};

TEST_F(OrdersTest, AnApprovalTakesItsQuorumOfThoseWhoMay) {
  const RunResult result = drive([&](Engine& engine) { return approvals(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.steps[0].output.at("by"), parsed(R"(["bob","eve"])"));
  EXPECT_EQ(result.steps[0].output.at("form").at("tag"), "v1");
}

TEST_F(OrdersTest, OneDenialFailsAnApproval) {
  const RunResult result = drive([&](Engine& engine) { return denied(engine); });
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_EQ(result.steps[0].error, "denied by bob: fine");
  EXPECT_EQ(result.steps[0].error_code, "denied");
}

TEST_F(OrdersTest, AnApprovalExpires) {
  ApprovalStep approval;
  approval.message = "m";
  approval.expires = Millis(5);
  const RunResult result = run(steps(step("ok", std::move(approval))));
  EXPECT_EQ(result.steps[0].error_code, "expired");
}

TEST_F(OrdersTest, ADoubtIsForAPersonToResolve) {
  for (const auto kind :
       {Resolution::Kind::kCompleted, Resolution::Kind::kFailed, Resolution::Kind::kRetry}) {
    store_ = store::Store::open(dir_ / fmt::format("doubt{}.db", static_cast<int>(kind))).value();
    runner_.started.clear();
    runner_.answer("send", fail(Code::kUnavailable, "the line broke"));
    const RunResult result = drive([&](Engine& engine) { return doubt(engine, kind); });
    const bool failed = kind == Resolution::Kind::kFailed;
    EXPECT_EQ(result.status, failed ? RunState::kFailed : RunState::kCompleted) << result.error;
    EXPECT_THAT(runner_.started, SizeIs(kind == Resolution::Kind::kRetry ? 2 : 1));
  }
}

TEST_F(OrdersTest, CancellingReachesTheChildRunAndFinallyStillRuns) {
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  runner_.gate("k");
  const RunResult result = drive([&](Engine& engine) { return cancel_child(engine); });
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(states(result), ElementsAre("kid:cancelled", "finally.tidy:completed"));
  const auto runs = store_->runs().list({.parent_run = "run_1"}).value();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kCancelled);
}

TEST_F(OrdersTest, AnExhaustedBudgetPausesUntilItIsRaised) {
  const RunResult result = drive([&](Engine& engine) { return budgeted(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.usage.tokens, 240);
}

TEST_F(OrdersTest, AnOrderOfAnotherProcessReachesAParkedRun) {
  options_.park_after = Millis(0);
  const RunResult result = drive([&](Engine& engine) { return from_outside(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.outputs.at("w"), "hello");
}

TEST_F(OrdersTest, AMatrixRunsItsCellsAndToleratesSoMany) {
  StepDefinition cell = tool("cell");
  std::get<ToolStep>(cell.body).arguments = {{"v", "${{ matrix.os }}-${{ matrix.v }}"}};
  Matrix matrix;
  matrix.axes["os"] = parsed(R"(["a","b"])");
  matrix.axes["v"] = parsed("[1,2]");
  matrix.exclude.push_back({{"os", "b"}, {"v", 2}});
  matrix.include.push_back({{"os", "c"}, {"v", 3}});
  cell.matrix = std::move(matrix);
  runner_.reply = [](const StepRequest& request) {
    return ScriptedRunner::good(request.input.at("v"));
  };
  const RunResult result = run(steps(std::move(cell)));
  EXPECT_EQ(result.steps[0].output, parsed(R"(["a-1","a-2","b-1","c-3"])"));
}

TEST_F(OrdersTest, ForeachToleratesSoManyFailures) {
  for (const double tolerate : {0.0, 1.0, 0.4}) {
    StepDefinition each = tool("each");
    each.foreach = Foreach{.items = parsed("[1,2,3]"), .tolerate = tolerate};
    runner_.answer("each[1]", ScriptedRunner::bad("no"));
    const RunResult result = run(steps(std::move(each)));
    EXPECT_EQ(result.status, tolerate > 0 ? RunState::kCompleted : RunState::kFailed) << tolerate;
    EXPECT_EQ(result.steps[0].output, parsed(R"(["each[0]",null,"each[2]"])"));
  }
}

TEST_F(OrdersTest, LargePayloadsAreBlobsAndReadAgain) {
  const std::string big(100'000, 'x');
  runner_.reply = [&](const StepRequest& request) {
    return ScriptedRunner::good(request.path == "a" ? json::Value(big) : request.input.at("v"));
  };
  StepDefinition b = tool("b", {"a"});
  std::get<ToolStep>(b.body).arguments = {{"v", "${{ steps.a.outputs }}"}};
  const RunResult result = run(steps(tool("a"), std::move(b)));
  EXPECT_EQ(result.outputs.at("b"), json::Value(big));
  EXPECT_EQ(result.steps[0].output, json::Value(big));
  const auto rows = store_->runs().events(result.run_id, 0, 100).value();
  for (const store::EventRow& row : rows) {
    EXPECT_LT(row.body.size(), 5'000U);
  }
}

TEST_F(OrdersTest, ALargeEarlySignalIsHeldAgainstItsSchema) {
  WaitStep wait;
  wait.signal = "go";
  StepDefinition w = step("w", std::move(wait), {"a"});
  w.output_schema = parsed(R"({"type":"string","minLength":20000})");
  w.outputs = {};
  auto blueprint = testing::compiled(steps(tool("a"), std::move(w)));
  payload_ = std::string(40'000, 'x');
  const RunResult result = drive([&](Engine& engine) { return signal_early(engine, blueprint); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.outputs.at("w"), payload_);
}

TEST_F(OrdersTest, AResultThatLooksLikeAReferenceIsNone) {
  const json::Value fake = json::Object{{"$blob", std::string(64, 'a')}, {"size", 3}};
  runner_.reply = [&](const StepRequest&) { return ScriptedRunner::good(fake); };
  StepDefinition a = tool("a");
  a.outputs["seen"] = "result";
  const RunResult result = run(steps(std::move(a)));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.steps[0].output.at("seen"), fake);
}

TEST_F(OrdersTest, AConcurrencyGroupLetsOneStepRunAtATime) {
  StepDefinition a = tool("a");
  a.concurrency = "deploy";
  StepDefinition b = tool("b");
  b.concurrency = "deploy";
  const RunResult result = run(steps(std::move(a), std::move(b)));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(runner_.most_at_once, 1);
}

TEST_F(OrdersTest, TheWholeRunsTimeIsBounded) {
  Definition made = definition(steps(tool("a"), tool("b", {"a"})));
  made.timeout = Millis(20);
  made.finally = steps(tool("tidy"));
  runner_.gate("a");
  const RunResult result = run(std::move(made));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(result.error, HasSubstr("time for the whole run"));
  EXPECT_THAT(states(result), ElementsAre("a:cancelled", "b:cancelled", "finally.tidy:completed"));
}

TEST_F(OrdersTest, APauseReachesTheRunsBelowAndResumingTakesThemOn) {
  subworkflows_["kid"] = testing::compiled(steps(tool("k"), tool("l", {"k"})));
  runner_.gate("k");
  const RunResult result = drive([&](Engine& engine) { return pause_child(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("k", "l"));
}

TEST_F(OrdersTest, InputsAreHeldAgainstTheirSchemas) {
  Definition made = definition(steps(tool("a")));
  made.inputs = parsed(R"({"n":{"type":"integer"}})").get_object();
  StartRequest wrong = request(std::move(made));
  wrong.inputs = {{"n", "five"}};
  const auto result = try_drive([&](Engine& engine) { return engine.run(wrong, {}); });
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace oap::workflow
