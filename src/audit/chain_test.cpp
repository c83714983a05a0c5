#include "audit/chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

using testing::HasSubstr;

Event sample(const std::string& tool = "bash") {
  Event event;
  event.event_type = "tool_execution";
  event.user_id = "me";
  event.role = "worker";
  event.tool = tool;
  event.arguments = {{"z", 1}, {"a", json::Array{1.0, "x\n\xff\"", nullptr}}, {"hash", "x"}};
  event.permission_decision = "allow";
  event.success = true;
  event.hook_trail = {json::Object{{"hook", "h"}}};
  event.details = {{"prev_hash", "no"}, {"seq", 99}};
  event.approver = "flag";
  event.rule = "f:1";
  event.reason = "r";
  event.error = "e";
  event.result_summary = "s";
  event.task_id = "task_1";
  event.call_id = "call_1";
  event.risk_score = 0.5;
  return event;
}

/// The line of an event behind `link`, without its line break.
std::string line_of(const Event& event, Link link = {}) {
  std::string line;
  seal(line, link, encode(event, {"evt_1", "2026-01-01"}));
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  return line;
}

std::vector<std::string> chain(int count) {
  std::vector<std::string> lines;
  Link link;
  for (int i = 0; i < count; ++i) {
    lines.push_back(line_of(sample(fmt::format("tool{}", i)), link));
    link = parse_line(lines.back())->link;
  }
  return lines;
}

TEST(ChainTest, LinesAreSealedBehindWhatIsThere) {
  std::string lines = "x";
  Link link;
  for (int i = 0; i < 3; ++i) {
    seal(lines, link, encode(sample(fmt::format("tool{}", i)), {"evt_1", "2026-01-01"}));
  }
  EXPECT_EQ(lines, "x" + chain(3)[0] + "\n" + chain(3)[1] + "\n" + chain(3)[2] + "\n");
  EXPECT_EQ(link, parse_line(chain(3)[2])->link);
}

std::vector<std::string> problems(const std::vector<std::string>& lines) {
  Link link;
  std::vector<std::string> found;
  for (const std::string& line : lines) {
    if (auto wrong = check_line(link, line)) {
      found.push_back(*wrong);
    }
  }
  return found;
}

TEST(ChainTest, ALineIsTheCanonicalRecordWithItsHashAtTheEnd) {
  const std::string line = chain(1).front();
  json::Object record = json::parse_object(line).value();
  const std::string hash(json::view(record.at("hash").as_string()));
  const std::string prev_hash(json::view(record.at("prev_hash").as_string()));
  EXPECT_EQ(prev_hash, std::string(64, '0'));
  EXPECT_EQ(record.at("seq"), 1);
  record.erase("hash");
  const std::string content = json::canonical(record);
  EXPECT_EQ(hash, crypto::sha256_hex(prev_hash + content));
  EXPECT_EQ(line, content.substr(0, content.size() - 1) + ",\"hash\":\"" + hash + "\"}");
}

TEST(ChainTest, AnEventWithNothingSetIsARecordToo) {
  const std::string line = line_of({});
  json::Object record = json::parse_object(line).value();
  record.erase("hash");
  EXPECT_EQ(parse_line(line)->link.hash,
            crypto::sha256_hex(std::string(64, '0') + json::canonical(record)));
  for (const char* key :
       {"event_type", "user_id", "session_id", "tool", "action", "resource", "arguments",
        "permission_decision", "risk_score", "execution_time_ms", "timestamp", "event_id"}) {
    EXPECT_TRUE(record.contains(key)) << key;
  }
}

TEST(ChainTest, LongTextsAndArgumentsAreCut) {
  Event event = sample();
  event.arguments = {{"content", std::string(200'000, 'x')}};
  event.resource = std::string(20'000, 'y');
  const std::string line = line_of(event);
  EXPECT_LT(line.size(), 20'000U);
  EXPECT_THAT(line, HasSubstr("\"truncated_bytes\":200014"));
  EXPECT_THAT(line, HasSubstr("… (20000 bytes)"));
}

TEST(ChainTest, PrintedArgumentsMakeTheSameRecord) {
  Event event = sample();
  for (const std::size_t size : {10U, 200'000U}) {
    event.arguments = {{"z", 1}, {"content", std::string(size, 'x')}};
    Event printed = event;
    printed.printed_arguments = print_bounded(event.arguments);
    printed.arguments = {};
    EXPECT_LT(printed.printed_arguments->size(), 2'000U);
    EXPECT_EQ(line_of(printed), line_of(event));
  }
}

TEST(ChainTest, AnIntactChainHasNoProblem) { EXPECT_TRUE(problems(chain(20)).empty()); }

TEST(ChainTest, EachFaultIsReportedOnceAndNamed) {
  auto lines = chain(6);
  lines.erase(lines.begin() + 2);
  ASSERT_EQ(problems(lines).size(), 1U);
  EXPECT_THAT(problems(lines).front(), HasSubstr("record 3 is missing"));

  lines = chain(9);
  lines.erase(lines.begin() + 2, lines.begin() + 5);
  EXPECT_THAT(problems(lines).front(), HasSubstr("records 3 to 5 are missing"));

  lines = chain(6);
  lines.insert(lines.begin() + 2, lines[1]);
  ASSERT_EQ(problems(lines).size(), 1U);
  EXPECT_THAT(problems(lines).front(), HasSubstr("repeated or out of order"));

  lines = chain(6);
  std::swap(lines[2], lines[3]);
  EXPECT_FALSE(problems(lines).empty());

  lines = chain(6);
  lines[2][lines[2].find("tool2")] = 'T';
  ASSERT_EQ(problems(lines).size(), 1U);
  EXPECT_THAT(problems(lines).front(), HasSubstr("was changed"));

  lines = chain(6);
  lines.insert(lines.begin() + 3, "{}");
  EXPECT_FALSE(problems(lines).empty());
}

TEST(ChainTest, ARecordOfAnotherChainDoesNotFit) {
  auto lines = chain(3);
  lines[1] = line_of(sample(), {1, std::string(64, 'a')});
  ASSERT_FALSE(problems(lines).empty());
  EXPECT_THAT(problems(lines).front(), HasSubstr("was replaced"));
}

TEST(ChainTest, AnyFlippedByteIsFound) {
  const auto intact = chain(4);
  for (std::size_t line = 0; line < intact.size(); ++line) {
    for (std::size_t at = 0; at < intact[line].size(); ++at) {
      for (const char mask : {'\x01', '\x20', '\x80'}) {
        auto lines = intact;
        lines[line][at] = static_cast<char>(lines[line][at] ^ mask);
        ASSERT_FALSE(problems(lines).empty()) << line << ":" << at;
      }
    }
  }
}

TEST(ChainTest, NoBytesMakeItCrash) {
  for (const char* line :
       {"", "{", "}", "{}", "null", "\"}", ",\"hash\":\"\"}", "{\"hash\":\"\"}"}) {
    Link link;
    EXPECT_TRUE(check_line(link, line)) << line;
    EXPECT_FALSE(parse_line(line)) << line;
    EXPECT_FALSE(is_hash_right(line)) << line;
  }
  EXPECT_FALSE(is_hash_right({}));
  const std::string odd = R"({"seq":-1,"prev_hash":5,"hash":")" + std::string(64, '0') + "\"}";
  EXPECT_FALSE(parse_line(odd));
}

}  // namespace
}  // namespace oap::audit
