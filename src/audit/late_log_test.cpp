#include "audit/late_log.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <sys/file.h>

#include "audit/keyring.hpp"
#include "audit/log_fixture.hpp"

namespace oap::audit {
namespace {

using testing::Contains;
using testing::HasSubstr;

/// A log whose lock another process holds.
class LateLogTest : public LogFixture {
 protected:
  Log::Options late_options() {
    Log::Options made = options();
    made.lock_wait = Millis(5);
    made.emergency_file = "emergency.log";
    made.encryption_keys = keys_;
    return made;
  }
  void hold() {
    fill_encrypted();
    other_.reset(::open((dir() + "/lock").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::flock(other_.get(), LOCK_EX), 0);
  }
  void fill_encrypted() {
    ASSERT_TRUE(open(late_options())->append(event("first"), Durability::kSync));
  }
  void release() { other_.reset(); }

  static constexpr Millis kNever{std::chrono::hours(24 * 3650)};
  static constexpr Millis kLong{30'000};
  const std::string keys_ = crypto::FernetKey::generate().print();
  const Error held_{Code::kUnavailable, "somebody holds it"};
  os::UniqueFd other_;
};

TEST_F(LateLogTest, RefusesWithoutWaitingAndTellsInClearOnceItIsOpen) {
  hold();
  {
    LateLog late(late_options(), kNever, held_, Millis(1));
    EXPECT_EQ(late.log_for(event("second")), nullptr);
    EXPECT_EQ(late.log_for(event("third")), nullptr);
    EXPECT_FALSE(late.wait(Deadline::after(Millis(20)))) << "somebody else holds the lock";
    release();
    ASSERT_TRUE(late.wait(Deadline::after(kLong)));
    const auto log = late.log_for(event("fourth"));
    ASSERT_NE(log, nullptr);
    EXPECT_TRUE(log->append(event("fourth"), Durability::kSync));
  }
  EXPECT_THAT(read(segment_path()), HasSubstr(R"("refused_records":2)"));
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_EQ(report().events, 3U);
  EXPECT_THAT(report().notes, Contains(HasSubstr("2 events before it were refused")));
  const std::string kept = read(temp_ / "emergency.log");
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 2);
}

TEST_F(LateLogTest, SaysNothingOfAGapWhereNothingWasRefused) {
  fill_encrypted();
  LateLog late(late_options(), kNever, held_, Millis(1));
  ASSERT_TRUE(late.wait(Deadline::after(kLong)));
  EXPECT_EQ(report().events, 1U);
}

TEST_F(LateLogTest, EndsWhileItIsStillRefused) {
  hold();
  {
    LateLog late(late_options(), kNever, held_, Millis(1));
  }
  release();
  EXPECT_EQ(report().events, 1U);
}

TEST_F(LateLogTest, RetiresWhatIsOldOnceItIsOpen) {
  for (int i = 0; i < 4; ++i) {
    Log::Options small = late_options();
    small.segment_bytes = 1;
    ASSERT_TRUE(open(small)->append(event(), Durability::kSync));
    clock_.advance(std::chrono::hours(48));
  }
  {
    LateLog late(late_options(), std::chrono::hours(24 * 4), held_, Millis(1));
    late.wait(Deadline::after(kLong));
  }
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_GT(report().first, 1U);
}

}  // namespace
}  // namespace oap::audit
