#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "audit/head.hpp"
#include "audit/log_fixture.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::HasSubstr;

using LossTest = LogFixture;

TEST_F(LossTest, MissingRecordsStayABreachHoweverOftenTheLogIsOpened) {
  for (const std::size_t lost : {1U, 3U, 5U}) {
    std::filesystem::remove_all(dir());
    std::filesystem::remove(temp_ / "audit.seen");
    fill(static_cast<int>(5 - lost));
    const std::string kept = lost == 5 ? "" : read(segment_path());
    fill(static_cast<int>(lost));
    overwrite(segment_path(), kept);
    if (lost == 5) {
      std::filesystem::remove(segment_path());
    }
    EXPECT_FALSE(report().ok) << lost;
    open();
    EXPECT_EQ(tail(dir(), 1).value()[0].at("details").at("lost_records"), lost);
    fill(10);
    fill(1);
    const VerifyReport found = report();
    EXPECT_FALSE(found.ok) << lost;
    ASSERT_EQ(found.problems.size(), 1U) << what(found);
    EXPECT_EQ(found.problems[0].seq, 6 - lost);
    EXPECT_THAT(what(found), HasSubstr(fmt::format("{} acknowledged records were missing", lost)));
    EXPECT_EQ(found.events, 5 - lost + 12);
  }
}

TEST_F(LossTest, ATornAcknowledgedRecordStaysABreach) {
  fill(3);
  const std::string intact = read(segment_path());
  overwrite(segment_path(), intact.substr(0, intact.size() - 1));
  fill(2);
  EXPECT_THAT(what(report()), HasSubstr("1 acknowledged records were missing"));
}

TEST_F(LossTest, AMissingHeadStaysABreach) {
  fill(3);
  std::filesystem::remove(dir() + "/head");
  EXPECT_FALSE(report().ok);
  fill(2);
  EXPECT_THAT(what(report()), HasSubstr("the head file was missing"));
}

TEST_F(LossTest, AKillRightAfterTheLossWasRecordedDoesNotStopTheLog) {
  fill(1);
  const std::string one = read(segment_path());
  fill(1);
  const std::string head = read(dir() + "/head");
  overwrite(segment_path(), one);
  open();
  overwrite(dir() + "/head", head);
  fill(1);
  EXPECT_THAT(what(report()), HasSubstr("1 acknowledged records were missing"));
}

TEST_F(LossTest, RetirementKeepsThatRecordsWereLost) {
  fill(1);
  const std::string one = read(segment_path());
  fill(1);
  overwrite(segment_path(), one);
  for (int round = 0; round < 2; ++round) {
    const auto log = open();
    clock_.advance(std::chrono::hours(24 * 10));
    ASSERT_TRUE(log->append(event(), Durability::kSync));
    ASSERT_EQ(log->retire(std::chrono::hours(24 * 5)).value().segments, 1U);
    const VerifyReport found = report();
    ASSERT_EQ(found.problems.size(), 1U) << what(found);
    EXPECT_THAT(what(found), HasSubstr("1 of the retired records told"));
  }
}

TEST_F(LossTest, ARemovedOrEmptiedFolderIsABreachForEver) {
  for (const bool whole : {true, false}) {
    fill(2);
    EXPECT_TRUE(os::exists(temp_ / "audit.seen"));
    std::filesystem::remove_all(dir());
    if (whole) {
      EXPECT_THAT(what(report()), HasSubstr("the audit folder was removed"));
    } else {
      std::filesystem::create_directory(dir());
      EXPECT_THAT(what(report()), HasSubstr("the audit folder was emptied"));
    }
    open();
    fill(2);
    const VerifyReport found = report();
    ASSERT_EQ(found.problems.size(), 1U) << what(found);
    EXPECT_EQ(found.problems[0].seq, 1U);
    EXPECT_THAT(what(found), HasSubstr("removed or emptied"));
    EXPECT_EQ(found.events, 3U);
  }
}

TEST_F(LossTest, AHeadThatIsCutWhileInUseIsMadeAnewAndTheBreachStays) {
  const auto log = open();
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  ASSERT_EQ(truncate((dir() + "/head").c_str(), 0), 0);
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  ASSERT_TRUE(log->append(event(), Durability::kWritten));
  const VerifyReport found = report();
  ASSERT_EQ(found.problems.size(), 1U) << what(found);
  EXPECT_THAT(what(found), HasSubstr("the head file was missing"));
  EXPECT_EQ(found.events, 4U);
  EXPECT_EQ(parse_head(read(dir() + "/head")).state->link.seq, 4U);
}

}  // namespace
}  // namespace oap::audit
