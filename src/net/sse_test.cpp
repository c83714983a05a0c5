#include "net/sse.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::net {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
    }
  }
  return out;
}

struct Case {
  std::string name;
  std::string stream;
  std::vector<std::string> events;  ///< type|data|id, the last with a "$" where the end closed it
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(OAP_SOURCE_DIR "/src/net/cases/sse.case");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ")) {
      cases.push_back({line.substr(3), {}, {}});
    } else if (line.starts_with("< ")) {
      cases.back().stream += unescape(line.substr(2));
    } else if (line.starts_with("> ")) {
      cases.back().events.push_back(unescape(line.substr(2)));
    } else if (line.starts_with("$ ")) {
      cases.back().events.push_back("$" + unescape(line.substr(2)));
    }
  }
  return cases;
}

std::string show(const SseEvent& event) { return event.type + "|" + event.data + "|" + event.id; }

std::vector<std::string> run(const std::vector<std::string_view>& pieces) {
  SseParser parser;
  std::vector<SseEvent> events;
  for (const std::string_view piece : pieces) {
    EXPECT_TRUE(parser.feed(piece, events));
  }
  std::vector<std::string> shown;
  for (const SseEvent& event : events) {
    shown.push_back(show(event));
  }
  if (const auto last = parser.finish()) {
    shown.push_back("$" + show(*last));
  }
  return shown;
}

TEST(SseCases, GiveTheSameEventsInEveryPieces) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GT(cases.size(), 20U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const std::string_view stream = each.stream;
    EXPECT_THAT(run({stream}), testing::ElementsAreArray(each.events));
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      EXPECT_THAT(run({stream.substr(0, at), stream.substr(at)}),
                  testing::ElementsAreArray(each.events))
          << "split at " << at;
    }
    std::vector<std::string_view> bytes;
    for (std::size_t at = 0; at < stream.size(); ++at) {
      bytes.push_back(stream.substr(at, 1));
    }
    EXPECT_THAT(run(bytes), testing::ElementsAreArray(each.events)) << "byte by byte";
  }
}

TEST(SseParser, KeepsTheRetryTime) {
  SseParser parser;
  std::vector<SseEvent> events;
  ASSERT_TRUE(parser.feed("retry: 1500\n\nretry: soon\n\n", events));
  EXPECT_EQ(parser.retry(), Millis(1500));
  EXPECT_TRUE(events.empty());
}

TEST(SseParser, RefusesALineBeyondTheLimitInAnyPieces) {
  const std::string stream = "data: ok\n\ndata: " + std::string(100, 'x') + "\n\ndata: late\n\n";
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    SseParser parser({50, 1000});
    std::vector<SseEvent> events;
    Result<void> fed;
    for (std::size_t at = 0; at < stream.size() && fed; at += piece) {
      fed = parser.feed(std::string_view(stream).substr(at, piece), events);
    }
    ASSERT_FALSE(fed) << piece;
    EXPECT_EQ(fed.error().code(), Code::kResourceExhausted);
    EXPECT_EQ(events.size(), 1U);
    EXPECT_FALSE(parser.feed("\n\n", events));
    EXPECT_FALSE(parser.finish());
  }
}

TEST(SseParser, RefusesAnEventBeyondTheLimit) {
  SseParser parser({50, 60});
  std::vector<SseEvent> events;
  const std::string line = "data: " + std::string(40, 'x') + "\n";
  EXPECT_TRUE(parser.feed(line, events));
  EXPECT_FALSE(parser.feed(line, events));
}

TEST(SseParser, TakesALineOfSixteenMegabytes) {
  SseParser parser;
  std::vector<SseEvent> events;
  const std::string line = "data: " + std::string((16U << 20U) - 6, 'x');
  ASSERT_TRUE(parser.feed(line, events));
  ASSERT_TRUE(parser.feed("\n\n", events));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_FALSE(parser.feed(line + "x", events));
}

}  // namespace
}  // namespace oap::net
