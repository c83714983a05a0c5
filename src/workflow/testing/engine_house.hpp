#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "json/print.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"
#include "workflow/engine.hpp"
#include "workflow/testing/definitions.hpp"
#include "workflow/testing/scripted_runner.hpp"

namespace oap::workflow::testing {

/// A store, a scripted runner and an engine a call: what tests of the engine share.
class EngineHouse : public ::testing::Test {
 protected:
  EngineHouse() : store_(store::Store::open(dir_ / "oap.db").value()) {}

  using Act = std::function<Task<Result<RunResult>>(Engine&)>;

  /// Runs `act` with a fresh engine on the store, which is closed afterwards.
  Result<RunResult> try_drive(const Act& act) { return runtime_.run(with_engine(act)); }
  RunResult drive(const Act& act) {
    auto result = try_drive(act);
    EXPECT_TRUE(result) << result.error().to_string();
    return result.value_or(RunResult{});
  }

  RunResult run(std::shared_ptr<const Blueprint> blueprint, json::Object inputs = {}) {
    StartRequest request;
    request.blueprint = std::move(blueprint);
    request.inputs = std::move(inputs);
    request.user = "ada";
    request.subworkflows = subworkflows_;
    const RunResult result = drive([&](Engine& engine) { return engine.run(request, observer_); });
    check_journal(result);
    return result;
  }
  RunResult run(Definition definition, json::Object inputs = {}) {
    return run(compiled(std::move(definition)), std::move(inputs));
  }
  RunResult run(Steps steps) { return run(compiled(std::move(steps))); }

  /// What the journal tells is what was answered.
  void check_journal(const RunResult& result) {
    if (result.run_id.empty()) {
      return;
    }
    const auto chain = store_->runs().verify(result.run_id);
    ASSERT_TRUE(chain);
    EXPECT_TRUE(chain->intact) << chain->problem;
    const RunResult shown = drive([&](Engine& engine) { return engine.show(result.run_id); });
    EXPECT_EQ(json::print(to_json(shown)), json::print(to_json(result)));
  }

  static std::vector<std::string> states(const RunResult& result) {
    std::vector<std::string> texts;
    for (const StepReport& report : result.steps) {
      texts.push_back(report.path + ":" + std::string(to_string(report.state)));
    }
    return texts;
  }

  Task<Result<RunResult>> signal_early(Engine& engine, std::shared_ptr<const Blueprint> blueprint) {
    StartRequest request;
    request.blueprint = std::move(blueprint);
    request.run_id = "run_1";
    runner_.gate("a");
    OAP_CO_TRY(const std::string id, co_await engine.start(request));
    OAP_CO_CHECK_OK(co_await engine.signal(id, "go", payload_));
    runner_.gate("a").set(ScriptedRunner::good());
    const Deadline deadline = Deadline::after(Millis(20'000));
    co_return co_await engine.wait(id, deadline);
  }

  /// "slow" is let go only after "next" has begun.
  Task<Result<RunResult>> open_slow_after_next(Engine& engine,
                                               std::shared_ptr<const Blueprint> blueprint) {
    StartRequest request;
    request.blueprint = std::move(blueprint);
    runner_.gate("slow");
    OAP_CO_TRY(const std::string id, co_await engine.start(std::move(request)));
    const Deadline deadline = Deadline::after(Millis(20'000));
    EXPECT_TRUE(co_await runner_.begun("next").get(deadline));
    runner_.gate("slow").set(ScriptedRunner::good());
    co_return co_await engine.wait(id, deadline);
  }

  /// With "a" held by its gate.
  Task<Result<RunResult>> pause_then_cancel(Engine& engine,
                                            std::shared_ptr<const Blueprint> blueprint) {
    StartRequest request;
    request.blueprint = std::move(blueprint);
    OAP_CO_TRY(const std::string id, co_await engine.start(std::move(request)));
    const Deadline deadline = Deadline::after(Millis(20'000));
    EXPECT_TRUE(co_await runner_.begun("a").get(deadline));
    OAP_CO_CHECK_OK(co_await engine.pause(id, "ada"));
    while (true) {
      OAP_CO_TRY(const RunResult now, co_await engine.show(id));
      if (now.status == RunState::kPaused) {
        break;
      }
    }
    OAP_CO_CHECK_OK(co_await engine.cancel(id, "ada"));
    co_return co_await engine.wait(id, deadline);
  }

  Task<Result<RunResult>> with_engine(Act act) {
    const oap::Executor executor = co_await boost::asio::this_coro::executor;
    Engine engine(executor, store_->runs(), runner_, *clock_, options_);
    Task<Result<RunResult>> task = act(engine);
    Result<RunResult> result = co_await std::move(task);
    const Deadline soon = Deadline::after(Millis(5'000));
    co_await engine.close(soon);
    co_return result;
  }

  os::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_;
  async::Runtime runtime_;
  ScriptedRunner runner_;
  Engine::Options options_;
  const Clock* clock_ = &system_clock();
  Observer observer_;
  Subworkflows subworkflows_;
  json::Value payload_ = 7;  ///< of signal_early
};

}  // namespace oap::workflow::testing
