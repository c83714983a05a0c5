// A run whose engine is gone after any number of commits goes on in another to the same end.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/engine_house.hpp"
#include "workflow/testing/faulty_runs.hpp"

namespace oap::workflow {
namespace {

using testing::block;
using testing::definition;
using testing::EngineHouse;
using testing::FaultyRuns;
using testing::parsed;
using testing::ScriptedRunner;
using testing::step;
using testing::steps;
using testing::tool;

/// What a real tool would have seen: survives engines.
struct ToolLog {
  std::map<std::string, std::vector<std::string>> keys;  // by path
  std::map<std::string, int> calls;
};

StepDefinition once(std::string id, std::vector<std::string> needs = {}) {
  StepDefinition made = tool(std::move(id), std::move(needs));
  made.effect = Effect::kOnce;
  return made;
}

/// A child run with an input that is large enough to be kept apart.
StepDefinition kid() {
  SubworkflowStep child;
  child.workflow = "kid";
  child.inputs = {{"big", std::string(20'000, 'x')}};
  return step("kid", std::move(child), {"a"});
}

/// What is cancelled while "late" runs: something to undo, a concurrency group, a child run.
Definition to_be_cancelled() {
  StepDefinition a = tool("a");
  a.compensate = std::make_unique<StepDefinition>(tool("undo"));
  StepDefinition one = tool("one", {"a"});
  StepDefinition two = tool("two", {"a"});
  one.concurrency = two.concurrency = "g";
  Definition made =
      definition(steps(std::move(a), std::move(one), std::move(two), kid(), tool("late", {"two"})));
  made.finally = steps(tool("tidy"));
  return made;
}

/// Something of everything: a loop, a fan-out, a choice, a `once`, a wait, a child run, exports,
/// `finally`.
Definition everything() {
  LoopStep loop;
  loop.while_condition = "loop.index < 4";
  loop.max_iterations = 5;
  loop.body = block(tool("x"), once("y", {"x"}));
  StepDefinition each = tool("each", {"a"});
  std::get<ToolStep>(each.body).arguments = {{"n", "${{ item }}"}};
  each.foreach = Foreach{.items = parsed("[1,2,3]"), .max_parallel = 2};
  ConditionStep choice;
  choice.condition = "vars.count == 7";
  choice.then_steps = block(tool("yes"));
  choice.else_steps = block(tool("no"));
  WaitStep wait;
  wait.duration = "1ms";
  StepDefinition a = tool("a");
  a.exports["count"] = "7";
  Definition made = definition(
      steps(std::move(a), step("l", std::move(loop), {"a"}), std::move(each),
            step("c", std::move(choice), {"a"}), once("send", {"each", "c"}),
            step("nap", std::move(wait), {"a"}), kid(), tool("last", {"l", "send", "nap", "kid"})));
  made.max_parallel = 2;  // so that steps stand ready and wait for a place when the engine dies
  made.variables = {{"count", 0}};
  made.finally = steps(tool("tidy"));
  made.outputs = {{"each", "${{ steps.each.outputs }}"},
                  {"sent", "${{ steps.send.outputs }}"},
                  {"kid", "${{ steps.kid.outputs.k }}"},
                  {"count", "${{ vars.count }}"}};
  return made;
}

class CrashTest : public EngineHouse {
 protected:
  CrashTest() {
    StepDefinition k = tool("k");
    std::get<ToolStep>(k.body).arguments = {{"size", "${{ size(inputs.big) }}"}};
    Definition small = definition(steps(std::move(k)));
    small.inputs = parsed(R"({"big":{"type":"string"}})").get_object();
    subworkflows_["kid"] = testing::compiled(std::move(small));
    runner_.reply = [this](const StepRequest& request) {
      const std::string path = request.run_id == "run_1" ? request.path : "kid/" + request.path;
      log_.keys[path].push_back(request.idempotency_key);
      ++log_.calls[path];
      if (request.input.is_object() && request.input.get_object().contains("n")) {
        return ScriptedRunner::good(request.input.at("n"));
      }
      return ScriptedRunner::good(json::Value(std::string_view(request.path)));
    };
    options_.park_after = Millis(1);
  }

  /// Runs until the store refuses the n-th write; true where the run came to its end before.
  Task<bool> run_until(FaultyRuns& runs, bool fresh) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, runs, runner_, system_clock(), options_);
    if (fresh) {
      StartRequest request;
      request.blueprint = testing::compiled(everything());
      request.subworkflows = subworkflows_;
      request.run_id = "run_1";
      const auto id = co_await engine.start(std::move(request));
      if (!id) {
        co_return false;
      }
    } else {
      (void)co_await engine.resume_all();
    }
    const Deadline deadline = Deadline::after(Millis(20'000));
    const auto result = co_await engine.wait("run_1", deadline);
    co_return result.has_value();
  }

  /// Starts what is to be cancelled and cancels it, until the store refuses a write; true where the
  /// run came to its end before.
  Task<bool> cancel_until(FaultyRuns& runs) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, runs, runner_, system_clock(), options_);
    StartRequest request;
    request.blueprint = testing::compiled(to_be_cancelled());
    request.subworkflows = subworkflows_;
    request.run_id = "run_1";
    const auto id = co_await engine.start(std::move(request));
    while (id && !runs.is_dead() && log_.calls["late"] == 0) {
      (void)co_await engine.show("run_1");
    }
    const auto told = co_await engine.cancel("run_1", "ada");
    while (told && !runs.is_dead()) {
      const auto now = co_await engine.show("run_1");
      if (now && is_end(now->status)) {
        co_return true;
      }
    }
    co_return false;
  }

  std::string journals() {
    std::string text;
    const auto runs = store_->runs().list({}).value();
    for (const store::RunRecord& run : runs) {
      text += fmt::format("\n{} of '{}', {}:", run.id, run.owner, to_string(run.state));
      const auto rows = store_->runs().events(run.id, 0, 1'000).value();
      for (const store::EventRow& row : rows) {
        text += "\n  " + row.body.substr(0, 500);
      }
      const auto orders = store_->runs().orders_of(run.id).value();
      for (const store::Order& order : orders) {
        text += "\n  order " + order.body.substr(0, 200);
      }
    }
    return text;
  }

  /// Resumes until the end; cancels where nobody did.
  Task<Result<RunResult>> go_on_cancelling(Engine& engine) {
    bool taken = false;
    const auto rows = store_->runs().events("run_1", 0, 1'000).value();
    for (const store::EventRow& row : rows) {
      taken = taken || row.body.find(R"("e":"cancel")") != std::string::npos;
    }
    calls_before_ = taken ? log_.calls : std::map<std::string, int>{};
    const auto orders = store_->runs().orders_of("run_1").value();
    const bool told = taken || std::any_of(orders.begin(), orders.end(), [](const auto& order) {
                        return order.body.find(R"("cancel")") != std::string::npos;
                      });
    OAP_CO_TRY(const std::vector<std::string> ids, co_await engine.resume_all());
    (void)co_await engine.resume("run_1");  // it may sleep
    if (!told) {
      OAP_CO_CHECK_OK(co_await engine.cancel("run_1", "ada"));
    }
    const Deadline deadline = Deadline::after(Millis(20'000));
    co_return co_await engine.wait("run_1", deadline);
  }

  void check_cancelled(const RunResult& result) {
    EXPECT_EQ(result.status, RunState::kCancelled) << result.error << journals();
    StepState a = StepState::kPending;
    StepState undone = StepState::kPending;
    for (const StepReport& report : result.steps) {
      EXPECT_TRUE(is_end(report.state)) << report.path;
      a = report.path == "a" ? report.state : a;
      undone = report.path == "a.compensate" ? report.state : undone;
    }
    EXPECT_EQ(a == StepState::kCompleted, undone == StepState::kCompleted);
    EXPECT_GE(log_.calls["finally.tidy"], 1);
    for (const std::string path : {"a", "one", "two", "kid/k", "late"}) {
      if (calls_before_.contains(path)) {
        EXPECT_EQ(log_.calls[path], calls_before_[path]) << path << " was begun again";
      }
    }
    const auto children = store_->runs().list({.parent_run = "run_1"}).value();
    for (const store::RunRecord& child : children) {
      EXPECT_TRUE(is_end(child.state)) << child.id;
      EXPECT_TRUE(store_->runs().orders_of(child.id)->empty());
    }
  }

  /// Resumes until the end, answering doubts from what the tool knows.
  Task<Result<RunResult>> go_on(Engine& engine) {
    OAP_CO_TRY(const std::vector<std::string> ids, co_await engine.resume_all());
    for (int round = 0; round < 1'000; ++round) {
      OAP_CO_TRY(const RunResult now, co_await engine.show("run_1"));
      if (is_end(now.status)) {
        co_return now;
      }
      for (const StepReport& report : now.steps) {
        if (report.state != StepState::kUnknown) {
          continue;
        }
        Resolution resolution;
        const bool had_run = log_.calls[report.path] > 0;
        resolution.kind = had_run ? Resolution::Kind::kCompleted : Resolution::Kind::kRetry;
        resolution.output = json::Value(std::string_view(report.path));
        OAP_CO_CHECK_OK(co_await engine.resolve("run_1", report.path, resolution));
      }
      const Deadline soon = Deadline::after(Millis(20));
      auto ended = co_await engine.wait("run_1", soon);
      if (ended || ended.error().code() != Code::kDeadlineExceeded) {
        co_return ended;
      }
    }
    co_return fail(Code::kDeadlineExceeded, "stuck");
  }

  void check_end(const RunResult& result) {
    EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
    EXPECT_EQ(json::canonical(json::Value(result.outputs)),
              R"({"count":7,"each":[1,2,3],"kid":"k","sent":"send"})");
    for (const auto& [path, keys] : log_.keys) {
      EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), 1U) << path;
    }
    check_loop(result);
    for (const std::string path : {"send", "l[0].y", "l[1].y", "l[2].y", "l[3].y"}) {
      EXPECT_EQ(log_.calls[path], 1) << path;
    }
    EXPECT_GE(log_.calls["finally.tidy"], 1);
    const auto chain = store_->runs().verify("run_1").value();
    EXPECT_TRUE(chain.intact) << chain.problem;
  }

  /// One iteration after the other, and no more than the condition wants.
  static void check_loop(const RunResult& result) {
    std::vector<const StepReport*> body;
    for (const StepReport& report : result.steps) {
      if (report.path.starts_with("l[")) {
        body.push_back(&report);
      }
    }
    ASSERT_EQ(body.size(), 8U);
    for (std::size_t i = 1; i < body.size(); ++i) {
      ASSERT_TRUE(body[i]->started_at && body[i - 1]->ended_at) << body[i]->path;
      EXPECT_GE(*body[i]->started_at, *body[i - 1]->ended_at) << body[i]->path;
    }
  }

  ToolLog log_;
  std::map<std::string, int> calls_before_;  ///< of a run that was being cancelled: none may follow
};

TEST_F(CrashTest, EveryPrefixOfTheJournalComesToTheSameEnd) {
  constexpr int kMost = 200;
  for (int writes = 0; writes < kMost; ++writes) {
    SCOPED_TRACE(fmt::format("after {} writes", writes));
    log_ = {};
    store_ = store::Store::open(dir_ / fmt::format("crash{}.db", writes)).value();
    FaultyRuns faulty(store_->runs());
    faulty.die_after(writes);
    const bool ended = runtime_.run(run_until(faulty, true));
    if (store_->runs().find("run_1")) {
      const RunResult result = drive([&](Engine& engine) { return go_on(engine); });
      check_end(result);
    }
    if (ended || HasFailure()) {
      EXPECT_GT(writes, 10);
      return;
    }
  }
  FAIL() << "the run never ended";
}

TEST_F(CrashTest, ACancelledRunEndsWhereverItIsCutOff) {
  constexpr int kMost = 100;
  runner_.gate("late");
  for (int writes = 1; writes < kMost; ++writes) {
    SCOPED_TRACE(fmt::format("after {} writes", writes));
    log_ = {};
    store_ = store::Store::open(dir_ / fmt::format("cancel{}.db", writes)).value();
    FaultyRuns faulty(store_->runs());
    faulty.die_after(writes);
    const bool ended = runtime_.run(cancel_until(faulty));
    if (ended) {
      EXPECT_GT(writes, 8);
      return;
    }
    check_cancelled(drive([&](Engine& engine) { return go_on_cancelling(engine); }));
    if (HasFailure()) {
      return;
    }
  }
  FAIL() << "the run never ended";
}

TEST_F(CrashTest, AFullDiskLosesNothingAcknowledged) {
  for (int writes = 1; writes < 40; writes += 3) {
    SCOPED_TRACE(fmt::format("full after {} writes", writes));
    log_ = {};
    store_ = store::Store::open(dir_ / fmt::format("full{}.db", writes)).value();
    FaultyRuns faulty(store_->runs());
    faulty.fill_after(writes);
    (void)runtime_.run(run_until(faulty, true));
    const RunResult result = drive([&](Engine& engine) { return go_on(engine); });
    check_end(result);
  }
}

}  // namespace
}  // namespace oap::workflow
