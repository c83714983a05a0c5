#include "store/run_repository.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"

namespace oap::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WallTime at(int seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }

/// What any implementation of RunRepository must hold: a → b → d, a → c → d.
class RunRepositoryTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = Store::open(dir_ / "oap.db").value();
    run_.id = "run_1";
    run_.definition_hash = "h";
    run_.state = RunState::kRunning;
    run_.owner = "me";
    run_.lease_until = at(60);
    run_.inputs = json::Value{{"x", 1}};
    const auto made = runs().create(run_, json::Value{{"steps", json::Array{}}},
                                    {step("a", 0), step("b", 1), step("c", 1), step("d", 2)});
    ASSERT_TRUE(made) << made.error().to_string();
  }
  static StepRecord step(const std::string& id, std::int64_t unmet) {
    StepRecord record;
    record.id = id;
    record.kind = "tool";
    record.effect = "once";
    record.unmet = unmet;
    return record;
  }
  RunRepository& runs() { return store_->runs(); }

  static StepWrite start(const std::string& id, std::int64_t attempt = 1) {
    StepWrite write;
    write.step_id = id;
    write.state = StepState::kRunning;
    write.attempt = attempt;
    write.at = at(1);
    write.idempotency_key = "key-" + id;
    return write;
  }
  static StepWrite end(const std::string& id, StepState state,
                       std::vector<std::string> successors = {}, std::int64_t attempt = 1) {
    StepWrite write;
    write.step_id = id;
    write.state = state;
    write.attempt = attempt;
    write.at = at(2);
    write.output = json::Value("out-" + id);
    write.successors = std::move(successors);
    return write;
  }
  Result<RunCommit> commit(std::vector<StepWrite> steps, std::int64_t epoch = 1) {
    RunWrite write;
    write.run_id = "run_1";
    write.epoch = epoch;
    write.steps = std::move(steps);
    return runs().commit_one(write);
  }
  StepRecord find(const std::string& id) {
    const StepHistory history = runs().history("run_1").value();
    for (const StepRecord& record : history.steps) {
      if (record.id == id) {
        return record;
      }
    }
    ADD_FAILURE() << "no step " << id;
    return {};
  }

  os::testing::TempDir dir_;
  std::unique_ptr<Store> store_;
  RunRecord run_;
};

TEST_F(RunRepositoryTest, ANewRunHasItsStepsInOrderAndReadyWhereNothingIsWaitedFor) {
  const RunRecord run = runs().find("run_1").value();
  EXPECT_EQ(run.epoch, 1);
  EXPECT_EQ(run.owner, "me");
  EXPECT_EQ(run.inputs.at("x"), 1);
  std::vector<std::string> ids;
  const StepHistory history = runs().history("run_1").value();
  for (const StepRecord& record : history.steps) {
    ids.push_back(record.id + ":" + std::string(to_string(record.state)));
  }
  EXPECT_THAT(ids, ElementsAre("a:ready", "b:pending", "c:pending", "d:pending"));
  EXPECT_EQ(runs().create(run_, json::Value(nullptr), {}).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(runs().find("run_2").error().code(), Code::kNotFound);
}

TEST_F(RunRepositoryTest, AResultAndTheReadinessItBringsAreOneTransaction) {
  ASSERT_TRUE(commit({start("a")}));
  EXPECT_THAT(commit({end("a", StepState::kCompleted, {"b", "c"})}).value().ready,
              ElementsAre("b", "c"));
  ASSERT_TRUE(commit({start("b"), start("c")}));
  EXPECT_THAT(commit({end("b", StepState::kCompleted, {"d"})}).value().ready, ElementsAre());
  EXPECT_EQ(find("d").unmet, 1);
  EXPECT_EQ(find("d").state, StepState::kPending);
  EXPECT_THAT(commit({end("c", StepState::kFailed, {"d"})}).value().ready, ElementsAre("d"));
  const StepRecord a = find("a");
  EXPECT_EQ(a.state, StepState::kCompleted);
  EXPECT_EQ(a.output, json::Value("out-a"));
  EXPECT_EQ(a.idempotency_key, "key-a");
  EXPECT_EQ(a.started_at, at(1));
  EXPECT_EQ(a.ended_at, at(2));
  store_ = Store::open(dir_ / "oap.db").value();
  EXPECT_EQ(find("d").state, StepState::kReady);
}

TEST_F(RunRepositoryTest, AStaleEpochWritesNothing) {
  ASSERT_TRUE(commit({start("a")}));
  const Lease lease{.owner = "other", .now = at(61), .until = at(120)};
  EXPECT_EQ(runs().acquire("run_1", lease).value(), 2);
  const auto late = commit({end("a", StepState::kCompleted, {"b", "c"})}, 1);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(late.error().message(), HasSubstr("another owner"));
  EXPECT_EQ(find("a").state, StepState::kRunning);
  EXPECT_EQ(find("b").unmet, 1);
  EXPECT_TRUE(commit({end("a", StepState::kCompleted, {"b", "c"})}, 2));
}

TEST_F(RunRepositoryTest, ALeaseIsTakenWhenItRanOutOrItsHolderIsDead) {
  Lease lease{.owner = "other", .now = at(59), .until = at(120)};
  const auto early = runs().acquire("run_1", lease);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message(), HasSubstr("being run by me"));
  lease.take_over = true;
  EXPECT_EQ(runs().acquire("run_1", lease).value(), 2);
  lease.take_over = false;
  EXPECT_EQ(runs().acquire("run_1", lease).value(), 3);
  EXPECT_EQ(runs().find("run_1").value().owner, "other");
  EXPECT_EQ(runs().acquire("run_9", lease).error().code(), Code::kNotFound);
}

TEST_F(RunRepositoryTest, AnEndedStepAndAnEndedRunAreNeverWrittenAgain) {
  ASSERT_TRUE(commit({start("a"), end("a", StepState::kCompleted, {"b", "c"})}));
  EXPECT_FALSE(commit({end("a", StepState::kFailed)}));
  EXPECT_FALSE(commit({start("a", 2)}));
  EXPECT_EQ(find("a").state, StepState::kCompleted);
  RunWrite last{.run_id = "run_1", .epoch = 1};
  last.run = RunUpdate{RunState::kFailed, json::Value{{"a", 1}}, "why", at(9)};
  ASSERT_TRUE(runs().commit_one(last));
  const RunRecord run = runs().find("run_1").value();
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.error, "why");
  EXPECT_EQ(run.outputs.at("a"), 1);
  EXPECT_EQ(run.ended_at, at(9));
  EXPECT_EQ(run.owner, "");
  EXPECT_FALSE(runs().commit_one(last));
  EXPECT_FALSE(runs().acquire("run_1", {.owner = "me", .now = at(10), .until = at(20)}));
}

TEST_F(RunRepositoryTest, StepsStartOnceAndOnlyWhenReady) {
  EXPECT_FALSE(commit({start("b")}));
  EXPECT_FALSE(commit({start("a", 2)}));
  ASSERT_TRUE(commit({start("a")}));
  EXPECT_FALSE(commit({start("a")}));
  EXPECT_FALSE(commit({start("zzz")}));
}

TEST_F(RunRepositoryTest, EveryAttemptHasItsRow) {
  ASSERT_TRUE(commit({start("a")}));
  StepWrite retry = end("a", StepState::kReady);
  retry.output = nullptr;
  retry.error = "gone";
  retry.error_code = "unavailable";
  retry.due_at = at(7);
  ASSERT_TRUE(commit({retry}));
  EXPECT_EQ(find("a").state, StepState::kReady);
  EXPECT_EQ(find("a").due_at, at(7));
  ASSERT_TRUE(commit({start("a", 2)}));
  EXPECT_EQ(find("a").due_at, std::nullopt);
  ASSERT_TRUE(commit({end("a", StepState::kCompleted, {"b", "c"}, 2)}));
  const auto attempts = runs().history("run_1").value().attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].state, StepState::kFailed);
  EXPECT_EQ(attempts[0].error, "gone");
  EXPECT_EQ(attempts[0].error_code, "unavailable");
  EXPECT_EQ(attempts[1].state, StepState::kCompleted);
  EXPECT_EQ(attempts[1].idempotency_key, "key-a");
}

TEST_F(RunRepositoryTest, ACascadeOfSkipsIsOneWrite) {
  ASSERT_TRUE(commit({start("a")}));
  const auto commit_result =
      commit({end("a", StepState::kFailed, {"b", "c"}), end("b", StepState::kSkipped, {"d"}, 0),
              end("c", StepState::kSkipped, {"d"}, 0), end("d", StepState::kSkipped, {}, 0)});
  ASSERT_TRUE(commit_result) << commit_result.error().to_string();
  EXPECT_THAT(commit_result->ready, ElementsAre());
  EXPECT_EQ(find("d").state, StepState::kSkipped);
  EXPECT_EQ(find("d").unmet, 0);
}

TEST_F(RunRepositoryTest, InAGroupABadWriteFailsAlone) {
  RunRecord second = run_;
  second.id = "run_2";
  ASSERT_TRUE(runs().create(second, json::Value{{"steps", json::Array{}}}, {step("a", 0)}));
  std::vector<RunWrite> group(3);
  group[0].run_id = "run_1";
  group[0].epoch = 1;
  group[0].steps = {start("a")};
  group[1].run_id = "run_2";
  group[1].epoch = 1;
  group[1].steps = {start("a"), start("a")};
  group[2].run_id = "run_1";
  group[2].epoch = 1;
  group[2].steps = {end("a", StepState::kCompleted, {"b", "c"})};
  const auto results = runs().commit(group);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0]);
  EXPECT_FALSE(results[1]);
  EXPECT_TRUE(results[2]);
  EXPECT_EQ(find("a").state, StepState::kCompleted);
  const auto untouched = runs().history("run_2").value();
  EXPECT_EQ(untouched.steps[0].state, StepState::kReady);
  EXPECT_TRUE(untouched.attempts.empty());
  EXPECT_TRUE(runs().commit({}).empty());
}

TEST_F(RunRepositoryTest, RunsAreListedNewestFirst) {
  RunRecord second = run_;
  second.id = "run_2";
  second.task_id = "task_7";
  second.state = RunState::kPaused;
  ASSERT_TRUE(runs().create(second, json::Value{{"steps", json::Array{}}}, {}));
  EXPECT_EQ(runs().list({}).value().front().id, "run_2");
  EXPECT_EQ(runs().list({.task_id = "task_7"}).value().size(), 1U);
  EXPECT_EQ(runs().list({.state = RunState::kRunning}).value().front().id, "run_1");
  EXPECT_EQ(runs().list({.id_prefix = "run_1"}).value().size(), 1U);
}

}  // namespace
}  // namespace oap::store
