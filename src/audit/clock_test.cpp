#include <gmock/gmock.h>

#include "audit/log_fixture.hpp"
#include "audit/query.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::ElementsAre;

/// A wall clock that goes back, or is far off: a record's number says the order, its time is what
/// the clock said.
class ClockTest : public LogFixture {
 protected:
  void append(const std::string& tool) {
    Log::Options small = options();
    small.segment_bytes = 1;
    ASSERT_TRUE(open(small)->append(event(tool), Durability::kSync));
  }
  std::vector<std::string> tools(const Query& query = {}) const {
    std::vector<std::string> names;
    const auto found = search(dir(), query, 100);
    EXPECT_TRUE(found) << found.error().to_string();
    for (const json::Object& record : found->records) {
      names.emplace_back(json::get_string(record, "tool"));
    }
    return names;
  }
  std::uint64_t retire(Millis age) {
    Log::Options small = options();
    small.segment_bytes = 1;
    const auto retired = open(small)->retire(age);
    EXPECT_TRUE(retired) << retired.error().to_string();
    return retired->events;
  }
  static constexpr Millis kDay = std::chrono::hours(24);
  const WallTime start_ = clock_.wall();
};

TEST_F(ClockTest, GoingBackBreaksNeitherOrderNorChainNorSearch) {
  append("a");
  clock_.set_wall(start_ + 10 * kDay);
  append("b");
  clock_.set_wall(start_ - 10 * kDay);
  append("c");
  clock_.set_wall(start_ + kDay);
  append("d");
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_THAT(tools(), ElementsAre("a", "b", "c", "d"));
  Query query;
  query.since = format_time(start_);
  query.until = format_time(start_ + 2 * kDay);
  EXPECT_THAT(tools(query), ElementsAre("a", "d"));
  query.since.clear();
  query.until = format_time(start_);
  EXPECT_THAT(tools(query), ElementsAre("c"));
  EXPECT_EQ(tail(dir(), 1).value()[0].at("tool"), "d");
}

TEST_F(ClockTest, RecordsFromTheFutureDoNotKeepWhatFollowsForever) {
  append("a");
  clock_.set_wall(start_ + 1'000 * kDay);
  append("wrong");
  clock_.set_wall(start_ + kDay);
  append("b");
  clock_.set_wall(start_ + 100 * kDay);
  append("c");
  EXPECT_EQ(retire(90 * kDay), 3U);
  EXPECT_TRUE(report().ok) << what(report());
  Query query;
  query.event_type = "tool_execution";
  EXPECT_THAT(tools(query), ElementsAre("c"));
}

TEST_F(ClockTest, RecordsFromThePastGoWhenThoseBeforeThemDo) {
  append("a");
  clock_.set_wall(start_ - 5'000 * kDay);
  append("wrong");
  clock_.set_wall(start_ + kDay);
  append("b");
  EXPECT_EQ(retire(90 * kDay), 0U);
  clock_.set_wall(start_ + 91 * kDay);
  EXPECT_EQ(retire(90 * kDay), 2U);
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(ClockTest, AClockThatJumpedAheadDeletesNothingUntilADayConfirmsIt) {
  append("a");
  append("b");
  append("c");
  const auto retire_due = [this] {
    Log::Options small = options();
    small.segment_bytes = 1;
    return open(small)->retire_due(90 * kDay).value().events;
  };
  clock_.set_wall(start_ + 1'000 * kDay);
  append("jumped");
  EXPECT_EQ(retire_due(), 0U);
  clock_.set_wall(start_ + 1'000 * kDay + std::chrono::hours(23));
  EXPECT_EQ(retire_due(), 0U);
  clock_.set_wall(start_ + 1'001 * kDay + Millis(1));
  EXPECT_EQ(retire_due(), 3U);
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(ClockTest, ASecondJumpAheadIsNotConfirmedByRecordsOfTheFirst) {
  const auto retire_due = [this] {
    Log::Options small = options();
    small.segment_bytes = 1;
    return open(small)->retire_due(90 * kDay).value().events;
  };
  append("a");
  clock_.set_wall(start_ + 1'000 * kDay);
  append("jumped");
  clock_.set_wall(start_ + kDay);
  append("young");
  clock_.set_wall(start_ + 2 * kDay);
  append("youngest");
  clock_.set_wall(start_ + 2'000 * kDay);
  EXPECT_EQ(retire_due(), 0U);
  append("jumped again");
  EXPECT_EQ(retire_due(), 0U);
  clock_.set_wall(start_ + 2'001 * kDay + Millis(1));
  EXPECT_EQ(retire_due(), 4U) << "confirmed for a day";
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(ClockTest, ASegmentIsAsYoungAsAnyOfItsEnds) {
  {
    const auto log = open();
    ASSERT_TRUE(log->append(event("young"), Durability::kSync));
    clock_.set_wall(start_ - 5'000 * kDay);
    ASSERT_TRUE(log->append(event("wrong"), Durability::kSync));
  }
  clock_.set_wall(start_ + kDay);
  append("next");
  append("next");
  EXPECT_EQ(retire(90 * kDay), 0U);
  clock_.set_wall(start_ + 92 * kDay);
  EXPECT_GE(retire(90 * kDay), 2U);
  EXPECT_TRUE(report().ok) << what(report());
}

}  // namespace
}  // namespace oap::audit
