#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "store/run_repository.hpp"

namespace oap::store::testing {

/// A fresh, empty repository, and others that see the same data: as another process, as another
/// tenant.
class RunHouse {
 public:
  virtual ~RunHouse() = default;
  virtual RunRepository& runs() = 0;
  virtual RunRepository& other_process() = 0;
  virtual RunRepository& other_tenant() = 0;
};

/// How an engine makes one; the parameter of the suite.
using MakeRunHouse = std::function<std::unique_ptr<RunHouse>()>;

/// What any implementation of RunRepository must hold. An engine instantiates it with
/// INSTANTIATE_TEST_SUITE_P(Engine, RunRepositorySuite, Values(make)).
class RunRepositorySuite : public ::testing::TestWithParam<MakeRunHouse> {
 protected:
  RunRepositorySuite() : house_(GetParam()()) {}
  RunRepository& runs() { return house_->runs(); }

  static WallTime at(int seconds) {
    return WallTime(std::chrono::seconds(1'700'000'000 + seconds));
  }
  static NewRun fresh(std::string id, std::string owner = "me") {
    NewRun made;
    made.run.id = std::move(id);
    made.run.workflow_id = "w";
    made.run.name = "W";
    made.run.owner = std::move(owner);
    made.run.state = RunState::kRunning;
    made.run.created_at = at(0);
    const std::string text = R"({"id":"w"})";
    made.run.definition_hash = crypto::sha256_hex(text);
    made.definitions.push_back({made.run.definition_hash, text});
    made.events = R"([{"e":"run_started"}])";
    return made;
  }
  TurnDone create(const NewRun& run) {
    auto done = runs().create_one(run);
    EXPECT_TRUE(done) << done.error().to_string();
    return done.value_or(TurnDone{});
  }
  static Turn turn(const std::string& id, const TurnDone& last, std::string events = "[1]",
                   std::int64_t epoch = 1) {
    Turn made;
    made.run_id = id;
    made.epoch = epoch;
    made.seq = last.seq;
    made.head = last.head;
    made.at = at(1);
    made.events = std::move(events);
    return made;
  }
  TurnDone commit(const Turn& turn) {
    auto done = runs().commit_one(turn);
    EXPECT_TRUE(done) << done.error().to_string();
    return done.value_or(TurnDone{});
  }
  static Claim claim(std::string owner, int now = 0) {
    Claim made;
    made.owner = std::move(owner);
    made.now = at(now);
    return made;
  }
  static Order order(std::string id, std::string run) {
    return {std::move(id), std::move(run), at(2), R"({"kind":"x"})"};
  }

  std::unique_ptr<RunHouse> house_;
};

}  // namespace oap::store::testing
