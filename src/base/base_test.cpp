#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace oap {
namespace {

using testing::HasSubstr;

Result<int> half(int n) {
  if (n % 2 != 0) {
    return fail(Code::kInvalidArgument, "{} is odd", n);
  }
  return n / 2;
}

Result<int> quarter(int n) {
  OAP_TRY(const int once, half(n));
  OAP_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, TryPassesValuesAndErrors) {
  EXPECT_EQ(quarter(8).value(), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().message(), "3 is odd");
  EXPECT_LE(sizeof(Result<int>), 16U);
}

TEST(Error, ContextIsOutermostFirst) {
  Error error(Code::kNotFound, "no file x");
  error = std::move(error).with_context("reading x").with_context("loading the configuration");
  EXPECT_EQ(error.to_string(), "loading the configuration: reading x: no file x");
  const Error copy = error;
  EXPECT_EQ(copy.to_string(), error.to_string());
}

TEST(Error, ExitCodesAreThoseOfTheContract) {
  EXPECT_EQ(exit_code(Code::kCancelled), 130);
  EXPECT_EQ(exit_code(Code::kUsage), 2);
  EXPECT_EQ(exit_code(Code::kConfiguration), 2);
  EXPECT_EQ(exit_code(Code::kPermissionDenied), 3);
  EXPECT_EQ(exit_code(Code::kUnanswered), 4);
  EXPECT_EQ(exit_code(Code::kUpstream), 5);
  EXPECT_EQ(exit_code(Code::kUnavailable), 5);
  EXPECT_EQ(exit_code(Code::kNeedsModel), 1);
}

TEST(Ids, AreUniqueOrderedAndWellFormed) {
  std::string last;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = new_id("call_");
    ASSERT_EQ(id.size(), 5U + 26U);
    ASSERT_LT(last, id);
    ASSERT_TRUE(seen.insert(id).second);
    last = id;
  }
  EXPECT_EQ(last.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 5), std::string::npos);
}

TEST(Ids, AreUniqueAcrossThreads) {
  std::vector<std::string> a;
  std::vector<std::string> b;
  const auto fill = [](std::vector<std::string>& list) {
    for (int i = 0; i < 2'000; ++i) {
      list.push_back(new_id("x_"));
    }
  };
  std::thread other(fill, std::ref(a));
  fill(b);
  other.join();
  std::set<std::string> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  EXPECT_EQ(all.size(), 4'000U);
}

TEST(Deadline, KnowsWhatIsLeft) {
  const FakeClock clock;
  const Deadline deadline = Deadline::at(clock.steady() + Millis(100));
  EXPECT_EQ(deadline.left(clock.steady()), Millis(100));
  EXPECT_FALSE(deadline.passed(clock.steady() + Millis(99)));
  EXPECT_TRUE(deadline.passed(clock.steady() + Millis(100)));
  EXPECT_EQ(deadline.left(clock.steady() + Millis(500)), Millis(0));
  EXPECT_FALSE(Deadline::never().passed());
  EXPECT_EQ(Deadline::never().sooner(deadline).time(), deadline.time());
}

TEST(Clock, FormatsUtc) {
  EXPECT_EQ(format_time(WallTime(std::chrono::milliseconds(1'700'000'000'123))),
            "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(format_time(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(WallTime(Millis(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(WallTime(Millis(1'709'251'199'999))), "2024-02-29T23:59:59.999Z");
  EXPECT_EQ(format_time(WallTime(Millis(4'107'542'400'007))), "2100-03-01T00:00:00.007Z");
}

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe(pipe_), 0);
    log::set_output(pipe_[1]);
  }
  void TearDown() override {
    log::set_output(2);
    log::set_redactor(nullptr);
    log::set_level(log::Level::kWarn);
    close(pipe_[0]);
    close(pipe_[1]);
  }
  std::string written() {
    char buffer[4'096];
    const ssize_t got = read(pipe_[0], buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }
  int pipe_[2] = {};
};

TEST_F(LogTest, ShowsMarksThatHideOrTurnByTheirNumber) {
  log::warn("test", "a\u009b\u202e\u2066\u200b\u00e9\u2014");
  EXPECT_THAT(written(), HasSubstr("a\\u009b\\u202e\\u2066\\u200b\u00e9\u2014\""));
}

TEST_F(LogTest, WritesOneEscapedJsonLine) {
  log::warn("test", "a \"quoted\"\nline", {{"key", std::string("\x01", 1)}});
  const std::string line = written();
  EXPECT_THAT(line,
              HasSubstr(R"("level":"warn","component":"test","message":"a \"quoted\"\nline")"));
  EXPECT_THAT(line, HasSubstr(R"("key":"\u0001"})"));
  EXPECT_EQ(line.back(), '\n');
}

TEST_F(LogTest, RedactsAndFilters) {
  log::set_redactor([](std::string_view) { return std::string("***"); });
  log::info("test", "below the level");
  log::error("test", "hunter2", {{"password", "hunter2"}});
  const std::string line = written();
  EXPECT_THAT(line, testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(line, testing::Not(HasSubstr("below")));
}

TEST_F(LogTest, LevelsByName) {
  EXPECT_TRUE(log::set_level("debug"));
  EXPECT_FALSE(log::set_level("loud"));
}

}  // namespace
}  // namespace oap
