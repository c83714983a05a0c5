#include "store/approval_repository.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"

namespace oap::store {
namespace {

WallTime at(int seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }

class ApprovalTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_ / "oap.db");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = std::move(*store);
  }
  ApprovalRepository& list() { return store_->approvals(); }
  void add(const std::string& id, int expires = 100) {
    ApprovalRecord record;
    record.id = id;
    record.call_id = "call_1";
    record.user_id = "me";
    record.role = "user";
    record.tool = "bash";
    record.details = {{"reason", "why 'quoted'"}};
    record.created_at = at(0);
    record.expires_at = at(expires);
    const auto made = list().create(record);
    ASSERT_TRUE(made) << made.error().to_string();
  }

  os::testing::TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(ApprovalTest, IsDecidedOnce) {
  add("apr_1");
  const ApprovalRecord found = list().find("apr_1").value();
  EXPECT_EQ(found.state, ApprovalState::kPending);
  EXPECT_EQ(found.details, (json::Object{{"reason", "why 'quoted'"}}));
  EXPECT_EQ(found.expires_at, at(100));
  const auto decided = list().decide("apr_1", {true, "ann", "fine", at(5)});
  ASSERT_TRUE(decided) << decided.error().to_string();
  EXPECT_EQ(decided->state, ApprovalState::kApproved);
  EXPECT_EQ(decided->decided_by, "ann");
  EXPECT_EQ(decided->comment, "fine");
  EXPECT_EQ(decided->decided_at, at(5));
  const auto again = list().decide("apr_1", {false, "bob", "", at(6)});
  EXPECT_EQ(again.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(again.error().message(), testing::HasSubstr("apr_1 is approved"));
  EXPECT_EQ(list().find("apr_1")->decided_by, "ann");
  EXPECT_EQ(list().close("apr_1", ApprovalState::kExpired, at(7))->state, ApprovalState::kApproved);
}

TEST_F(ApprovalTest, NobodyDecidesWhatHasExpired) {
  add("apr_1", 10);
  const auto late = list().decide("apr_1", {true, "ann", "", at(10)});
  EXPECT_EQ(late.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(late.error().message(), testing::HasSubstr("expired"));
  EXPECT_EQ(list().close("apr_1", ApprovalState::kExpired, at(11))->state, ApprovalState::kExpired);
  EXPECT_EQ(list().decide("apr_2", {true, "ann", "", at(0)}).error().code(), Code::kNotFound);
}

TEST_F(ApprovalTest, ListsWhatIsOpen) {
  add("apr_1", 10);
  add("apr_2", 100);
  add("apr_3", 100);
  ASSERT_TRUE(list().decide("apr_3", {false, "ann", "", at(1)}));
  const auto ids = [&](bool only_open) {
    std::vector<std::string> out;
    const auto records = list().list({only_open, at(50), 100}).value();
    for (const ApprovalRecord& record : records) {
      out.push_back(record.id);
    }
    return out;
  };
  EXPECT_THAT(ids(true), testing::ElementsAre("apr_2"));
  EXPECT_THAT(ids(false), testing::ElementsAre("apr_3", "apr_2", "apr_1"));
  EXPECT_EQ(list().resolve("2").value(), "apr_2");
  EXPECT_EQ(list().resolve("apr_").error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(store_->for_tenant("other")->approvals().list({}).value().empty());
}

TEST_F(ApprovalTest, OneOfTwoAtOnceWins) {
  add("apr_1");
  auto other = Store::open(dir_ / "oap.db");
  ASSERT_TRUE(other);
  int won = 0;
  std::thread second(
      [&] { won += (*other)->approvals().decide("apr_1", {false, "bob", "", at(1)}) ? 1 : 0; });
  const bool first = list().decide("apr_1", {true, "ann", "", at(1)}).has_value();
  second.join();
  EXPECT_EQ(won + (first ? 1 : 0), 1);
}

}  // namespace
}  // namespace oap::store
