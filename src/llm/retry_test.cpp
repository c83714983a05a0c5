#include "llm/retry.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/strings.hpp"

namespace oap::llm {
namespace {

net::HeaderList read_headers(std::string_view written) {
  net::HeaderList headers;
  for (const std::string_view field : text::split(written, ';')) {
    const std::size_t colon = field.find(':');
    if (colon != std::string_view::npos) {
      headers.emplace_back(text::trim(field.substr(0, colon)), text::trim(field.substr(colon + 1)));
    }
  }
  return headers;
}

TEST(HttpFailure, MeansWhatTheTableSays) {
  std::ifstream file(OAP_SOURCE_DIR "/src/llm/cases/http_failures.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') {
      continue;
    }
    SCOPED_TRACE(line);
    std::vector<std::string> cells;
    for (const std::string_view cell : text::split(line, '|')) {
      cells.emplace_back(text::trim(cell));
    }
    ASSERT_EQ(cells.size(), 7U);
    const Failure failure = http_failure("p", std::stoi(cells[0]), read_headers(cells[1]), cells[2],
                                         WallTime{std::chrono::seconds(1'700'000'000)});
    EXPECT_EQ(failure.retryable ? "retry" : "final", cells[3]);
    EXPECT_EQ(to_string(failure.error.code()), cells[4]);
    EXPECT_EQ(failure.retry_after ? std::to_string(failure.retry_after->count()) : "-", cells[5]);
    EXPECT_THAT(failure.error.message(), testing::HasSubstr(cells[6]));
    ++rows;
  }
  EXPECT_GE(rows, 30);
}

TEST(HttpFailure, ShowsForeignTextSafelyAndShort) {
  const std::string body = "\x1b[31mred\x1b[0m\xff " + std::string(5000, 'x');
  const Failure failure = http_failure("p", 500, {}, body, WallTime{});
  EXPECT_LT(failure.error.message().size(), 400U);
  EXPECT_THAT(failure.error.message(), testing::Not(testing::HasSubstr("\x1b")));
}

Failure failed(std::optional<Millis> retry_after = std::nullopt) {
  Failure failure{Error(Code::kUnavailable, "x")};
  failure.retryable = true;
  failure.retry_after = retry_after;
  return failure;
}

TEST(NextDelay, DoublesUpToItsCapAndThenGivesUp) {
  const RetryPolicy policy{6};
  const std::vector<int> expected = {500, 1000, 2000, 4000, 8000, 8000};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(next_delay(failed(), {i + 1}, policy, 0.0), Millis(expected[i]));
  }
  EXPECT_EQ(next_delay(failed(), {7}, policy, 0.0), std::nullopt);
  EXPECT_EQ(next_delay(failed(), {1'000'000}, RetryPolicy{2'000'000}, 0.0), Millis(8000));
}

TEST(NextDelay, JittersDownByAQuarter) {
  EXPECT_EQ(next_delay(failed(), {1}, {}, 1.0), Millis(375));
  EXPECT_EQ(next_delay(failed(), {5}, RetryPolicy{9}, 0.5), Millis(7000));
}

TEST(NextDelay, ObeysTheServerWithinReason) {
  EXPECT_EQ(next_delay(failed(Millis(1)), {3}, {}, 0.9), Millis(1));
  EXPECT_EQ(next_delay(failed(Millis(0)), {1}, {}, 0.9), Millis(0));
  EXPECT_EQ(next_delay(failed(Millis(120'000)), {1}, {}, 0.9), Millis(120'000));
  EXPECT_EQ(next_delay(failed(Millis(120'001)), {1}, {}, 0.9), std::nullopt);
}

TEST(NextDelay, AWishForTooLongAWaitIsToldAndNotTriedAgain) {
  EXPECT_EQ(too_long_a_wait(failed(), {}), std::nullopt);
  EXPECT_EQ(too_long_a_wait(failed(Millis(120'000)), {}), std::nullopt);
  const auto told = too_long_a_wait(failed(Millis(3'600'000)), {});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->code(), Code::kUpstream);
  EXPECT_THAT(told->message(), testing::HasSubstr("3600 s"));
  EXPECT_THAT(told->message(), testing::HasSubstr("120 s"));
  Failure final = failed(Millis(3'600'000));
  final.retryable = false;
  EXPECT_EQ(too_long_a_wait(final, {}), std::nullopt);
}

TEST(NextDelay, NeverForWhatIsFinal) {
  EXPECT_EQ(next_delay(Failure{Error(Code::kUpstream, "x")}, {1}, {}, 0.0), std::nullopt);
  EXPECT_EQ(next_delay(failed(), {1}, RetryPolicy{0}, 0.0), std::nullopt);
}

TEST(NextDelay, OneStallIsEnough) {
  EXPECT_TRUE(next_delay(failed(), {1, 1}, {}, 0.0));
  EXPECT_FALSE(next_delay(failed(), {2, 2}, {}, 0.0));
}

TEST(TransportFailure, KnowsWhatMayGoBetter) {
  EXPECT_TRUE(transport_failure(Error(Code::kUnavailable, "x")).retryable);
  EXPECT_TRUE(transport_failure(Error(Code::kUpstream, "x")).retryable);
  EXPECT_TRUE(transport_failure(Error(Code::kDeadlineExceeded, "x")).stalled);
  for (const Code code : {Code::kCancelled, Code::kInvalidArgument, Code::kUnauthenticated,
                          Code::kResourceExhausted, Code::kFailedPrecondition}) {
    EXPECT_FALSE(transport_failure(Error(code, "x")).retryable);
  }
}

}  // namespace
}  // namespace oap::llm
