#include "store/mission_repository.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"

namespace oap::store {
namespace {

WallTime at(int seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }

class MissionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_ / "oap.db");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = std::move(*store);
    for (const char* id : {"ses_1", "ses_2"}) {
      SessionRecord session;
      session.id = id;
      session.workspace = "/w";
      ASSERT_TRUE(store_->sessions().create(session));
    }
  }
  MissionRepository& missions() { return store_->missions(); }
  Result<void> add(const std::string& id, const std::string& session = "ses_1",
                   const std::string& owner = "") {
    MissionRecord record;
    record.id = id;
    record.session_id = session;
    record.workspace = "/w";
    record.objective = "make it";
    record.state = "planning";
    record.owner = owner;
    record.epoch = 1;
    record.lease_until = at(10);
    record.created_at = at(0);
    return missions().create(record, {{0, at(0), "started", json::Object{{"a", 1}}}});
  }
  static MissionWrite writing(const std::string& id, std::int64_t epoch, std::string state,
                              bool ended = false) {
    MissionWrite write;
    write.id = id;
    write.epoch = epoch;
    write.at = at(1);
    write.events = {{0, {}, "turn_ended", json::Object{{"n", 1}}}};
    write.change = MissionWrite::Change{std::move(state), "", "", json::Object{{"x", 2}}, ended};
    return write;
  }

  os::testing::TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(MissionTest, WhatIsWrittenIsFoundAgain) {
  ASSERT_TRUE(add("mis_1"));
  const auto seq = missions().write(writing("mis_1", 1, "running"));
  ASSERT_TRUE(seq) << seq.error().to_string();
  EXPECT_EQ(*seq, 2);
  const auto found = missions().find("mis_1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, "running");
  EXPECT_EQ(found->seq, 2);
  EXPECT_EQ(found->body.at("x").as_int64(), 2);
  const auto events = missions().events("mis_1", 0, 10);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ(events->back().kind, "turn_ended");
  EXPECT_EQ(missions().events("mis_1", 0, 10, "started")->size(), 1U);
  EXPECT_EQ(missions().events("mis_1", 1, 10)->size(), 1U);
  EXPECT_EQ(missions().resolve("mis_").value(), "mis_1");
  EXPECT_EQ(missions().find("mis_9").error().code(), Code::kNotFound);
}

TEST_F(MissionTest, ASessionHasOneOpenMission) {
  ASSERT_TRUE(add("mis_1"));
  EXPECT_EQ(add("mis_2").error().code(), Code::kAlreadyExists);
  EXPECT_TRUE(add("mis_2", "ses_2"));
  ASSERT_TRUE(missions().write(writing("mis_1", 1, "done", true)));
  EXPECT_TRUE(add("mis_3"));
  EXPECT_EQ(missions().list({.workspace = "/w", .session_id = "", .open_only = true})->size(), 2U);
  EXPECT_EQ(missions().list({.workspace = "/w", .session_id = "ses_1"})->size(), 2U);
  EXPECT_EQ(missions().list({.workspace = "/other", .session_id = ""})->size(), 0U);
}

TEST_F(MissionTest, AMissionHasOneOwnerAndOldOnesAreFencedOff) {
  ASSERT_TRUE(add("mis_1", "ses_1", "first"));
  MissionClaim claim{"second", at(5), at(20), {}};
  EXPECT_EQ(missions().claim("mis_1", claim).error().code(), Code::kFailedPrecondition);
  claim.dead = {"first"};
  const auto claimed = missions().claim("mis_1", claim);
  ASSERT_TRUE(claimed) << claimed.error().to_string();
  EXPECT_EQ(claimed->epoch, 2);
  EXPECT_EQ(claimed->owner, "second");
  EXPECT_EQ(missions().write(writing("mis_1", 1, "done", true)).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(missions().events("mis_1", 0, 10)->size(), 1U);
  EXPECT_EQ(missions().renew("mis_1", 1, at(90)).error().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(missions().renew("mis_1", 2, at(30)));
  EXPECT_FALSE(missions().claim("mis_1", {"third", at(29), at(60), {}}));
  EXPECT_TRUE(missions().claim("mis_1", {"third", at(30), at(60), {}}));
}

TEST_F(MissionTest, LettingGoMakesItClaimableAtOnce) {
  ASSERT_TRUE(add("mis_1", "ses_1", "first"));
  MissionWrite write = writing("mis_1", 1, "paused");
  write.lets_go = true;
  ASSERT_TRUE(missions().write(write));
  EXPECT_TRUE(missions().claim("mis_1", {"second", at(2), at(60), {}}));
}

TEST_F(MissionTest, AnEndIsFinal) {
  ASSERT_TRUE(add("mis_1"));
  ASSERT_TRUE(missions().write(writing("mis_1", 1, "cancelled", true)));
  EXPECT_EQ(missions().write(writing("mis_1", 1, "running")).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(missions().claim("mis_1", {"x", at(90), at(99), {}}).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(missions().post({"evt_1", "mis_1", at(1), json::Object{}}).error().code(),
            Code::kFailedPrecondition);
  EXPECT_TRUE(missions().find("mis_1")->ended_at);
}

TEST_F(MissionTest, OrdersStayUntilTheyAreTakenIn) {
  ASSERT_TRUE(add("mis_1"));
  ASSERT_TRUE(missions().post({"evt_1", "mis_1", at(1), json::Object{{"order", "pause"}}}));
  ASSERT_TRUE(missions().post({"evt_2", "mis_1", at(2), json::Object{{"order", "stop"}}}));
  auto orders = missions().orders("mis_1");
  ASSERT_TRUE(orders);
  ASSERT_EQ(orders->size(), 2U);
  MissionWrite write = writing("mis_1", 1, "paused");
  write.taken = {"evt_1"};
  ASSERT_TRUE(missions().write(write));
  orders = missions().orders("mis_1");
  ASSERT_EQ(orders->size(), 1U);
  EXPECT_EQ(orders->front().id, "evt_2");
  EXPECT_EQ(missions().post({"evt_3", "mis_9", at(1), json::Object{}}).error().code(),
            Code::kNotFound);
}

}  // namespace
}  // namespace oap::store
