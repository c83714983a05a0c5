#include "audit/query.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "audit/indexing.hpp"
#include "audit/log_fixture.hpp"
#include "audit/lookup.hpp"
#include "audit/members.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class QueryTest : public LogFixture {
 protected:
  static Event numbered(int i) {
    Event made = event(i % 3 == 0 ? "bash" : "read_file");
    made.event_type = i % 2 == 0 ? "permission_check" : "tool_execution";
    made.user_id = fmt::format("user \"{}\"", i % 7);
    made.call_id = fmt::format("call_{}", i / 2);
    made.session_id = fmt::format("ses_{}", i / 100);
    made.permission_decision = i % 10 == 0 ? "deny" : "allow";
    made.risk_score = i % 500 == 0 ? 0.9 : 0.1;
    made.resource = fmt::format("{}", i);
    if (i % 2 == 1) {
      made.success = i % 5 != 0;
    }
    return made;
  }
  void write(int from, int to, std::uint64_t segment_bytes = 64U << 20U) {
    Log::Options some = options();
    some.segment_bytes = segment_bytes;
    const auto log = open(some);
    for (int i = from; i < to; ++i) {
      clock_.advance(Millis(10));
      ASSERT_TRUE(log->append(numbered(i), Durability::kDeferred));
      if (i % 500 == 0) {
        ASSERT_TRUE(log->append(event("sync"), Durability::kWritten));
      }
    }
  }
  std::vector<int> numbers(const Query& query, std::size_t limit = 100'000) const {
    const auto found = search(dir(), query, limit);
    EXPECT_TRUE(found) << found.error().to_string();
    std::vector<int> out;
    for (const json::Object& record : found->records) {
      const std::string_view text = json::get_string(record, "resource");
      out.push_back(text.empty() ? -1 : std::stoi(std::string(text)));
    }
    std::vector<int> same;
    EXPECT_TRUE(for_each(dir(), query, [&same](const json::Object& record, std::string_view line) {
      const std::string_view text = json::get_string(record, "resource");
      same.push_back(text.empty() ? -1 : std::stoi(std::string(text)));
      return line.starts_with('{');
    }));
    EXPECT_TRUE(same.size() > out.size() || same == out);
    return out;
  }
  static void overwrite_new(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(os::write_file_atomic(path, bytes, 0600));
  }
  std::size_t index_count() const {
    std::error_code none;
    const std::filesystem::directory_iterator files(dir() + "/index", none);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
};

TEST_F(QueryTest, EachFilterChoosesItsRecordsInOrder) {
  write(0, 3'000, 300'000);
  Query query;
  query.call_id = "call_700";
  EXPECT_THAT(numbers(query), ElementsAre(1'400, 1'401));
  query.event_type = "tool_execution";
  EXPECT_THAT(numbers(query), ElementsAre(1'401));
  query = {};
  query.user_id = "user \"3\"";
  query.session_id = "ses_12";
  EXPECT_THAT(numbers(query), SizeIs(15));
  EXPECT_EQ(numbers(query).front(), 1'200);
  query = {};
  query.min_risk = 0.5;
  EXPECT_THAT(numbers(query), ElementsAre(0, 500, 1'000, 1'500, 2'000, 2'500));
  query = {};
  query.success = false;
  query.session_id = "ses_0";
  EXPECT_THAT(numbers(query), ElementsAre(5, 15, 25, 35, 45, 55, 65, 75, 85, 95));
  query = {};
  query.text = "\"resource\":\"77\"";
  EXPECT_THAT(numbers(query), ElementsAre(77));
  query = {};
  query.tool = "none";
  EXPECT_THAT(numbers(query), IsEmpty());
  query = {};
  query.tool = "bash";
  query.permission_decision = "deny";
  EXPECT_THAT(numbers(query), SizeIs(100));
  query.min_risk = 0.5;
  EXPECT_THAT(numbers(query), ElementsAre(0, 1'500));
  EXPECT_THAT(numbers({}), SizeIs(3'006));
  EXPECT_EQ(index_count(), list_segments(dir())->size() - 1);
  EXPECT_GT(index_count(), 2U);
}

TEST_F(QueryTest, ADecisionWithinATimeIsLookedUpAndNotReadThrough) {
  const WallTime start = clock_.wall();
  write(0, 3'000, 300'000);
  Query query;
  query.permission_decision = "deny";
  query.since = format_time(start + Millis(15'000));
  query.until = format_time(start + Millis(15'100));
  EXPECT_THAT(numbers(query), ElementsAre(1'500));
  auto segments = list_segments(dir()).value();
  segments.pop_back();
  std::uint64_t looked_at = 0;
  std::uint64_t all = 0;
  for (const Segment& segment : segments) {
    const Source source = Source::open(dir(), segment, false).value();
    for (const Piece& piece : source.pieces(dir(), plan_of(query), query, nullptr)) {
      EXPECT_TRUE(piece.is_chosen());
      looked_at += piece.end - piece.offset;
    }
    all += segment.size;
  }
  EXPECT_GT(looked_at, 0U);
  EXPECT_LT(looked_at * 4, all);
}

TEST_F(QueryTest, TimesAreAnIntervalThatIsOpenAtItsEnd) {
  const WallTime start = clock_.wall();
  write(0, 3'000);
  Query query;
  query.since = format_time(start + Millis(10 * 101));
  query.until = format_time(start + Millis(10 * 104));
  EXPECT_THAT(numbers(query), ElementsAre(100, 101, 102));
}

TEST_F(QueryTest, TheLimitKeepsTheNewestAndSaysThatThereAreMore) {
  write(0, 600);
  Query query;
  query.tool = "bash";
  EXPECT_THAT(numbers(query, 3), ElementsAre(591, 594, 597));
  EXPECT_TRUE(search(dir(), query, 3)->more);
  EXPECT_FALSE(search(dir(), query, 200)->more);
}

TEST_F(QueryTest, WhatWasAppendedSinceIsFoundToo) {
  for (int round = 0; round < 4; ++round) {
    write(round * 1'200, (round + 1) * 1'200, 800'000);
    Query query;
    query.call_id = fmt::format("call_{}", round * 600 + 599);
    EXPECT_THAT(numbers(query), SizeIs(2)) << round;
    query.call_id = "call_3";
    EXPECT_THAT(numbers(query), ElementsAre(6, 7)) << round;
  }
}

TEST_F(QueryTest, WhatTheNewestSegmentHasGrownIsTakenIntoItsIndex) {
  Query query;
  query.call_id = "call_3";
  const auto read_through = [&] {
    const Segment newest = list_segments(dir()).value().back();
    const Source source = Source::open(dir(), newest, true).value();
    std::uint64_t bytes = 0;
    for (const Piece& piece : source.pieces(dir(), plan_of(query), query, nullptr)) {
      bytes += piece.is_chosen() ? 0 : piece.end - piece.offset;
    }
    return bytes;
  };
  std::uint64_t size = 0;
  for (int round = 0; round < 2; ++round) {
    write(round * 100, (round + 1) * 100);
    Event large = event();
    large.arguments = {{"message", std::string(60'000, 'x')}};
    for (auto [log, i] = std::pair(open(), 0); i < 60; ++i) {
      ASSERT_TRUE(log->append(large, Durability::kWritten));
    }
    EXPECT_EQ(list_segments(dir())->size(), 1U);
    const std::uint64_t grown = list_segments(dir()).value()[0].size - size;
    size += grown;
    ASSERT_GT(grown, kIndexStep / 2);
    EXPECT_EQ(read_through(), grown);
    make_indexes(dir(), nullptr, kGoOn);
    EXPECT_EQ(read_through(), 0U);
    EXPECT_THAT(numbers(query), ElementsAre(6, 7));
  }
  write(200, 210);
  make_indexes(dir(), nullptr, kGoOn);
  EXPECT_GT(read_through(), 0U);
  query.call_id = "call_103";
  EXPECT_THAT(numbers(query), ElementsAre(206, 207));
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(QueryTest, AnIndexThatIsStaleDamagedOrForeignChangesNothingAndIsFound) {
  write(0, 6'000, 1'500'000);
  Query query;
  query.call_id = "call_1500";
  EXPECT_THAT(numbers(query), ElementsAre(3'000, 3'001));
  EXPECT_TRUE(report().ok) << what(report());
  const std::string path = index_path(dir(), list_segments(dir()).value()[0]);
  const std::string intact = read(path);
  const auto expect_found = [&](const std::string& bytes, std::string_view how) {
    overwrite(path, bytes);
    EXPECT_THAT(what(report()), testing::HasSubstr("not what was written")) << how;
    EXPECT_THAT(numbers(query), ElementsAre(3'000, 3'001)) << how;
  };
  for (std::size_t at = 0; at < intact.size(); at += intact.size() / 41) {
    std::string bytes = intact;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    expect_found(bytes, fmt::to_string(at));
  }
  const std::size_t page = kPageBytes;
  expect_found({}, "empty");
  expect_found("x", "a byte");
  expect_found(intact.substr(0, intact.size() - page), "cut");
  expect_found(intact + intact.substr(intact.size() - page), "longer");
  expect_found(std::string(intact.size(), '\xff'), "other bytes");
  expect_found(intact.substr(0, page) + intact.substr(2 * page, page) + intact.substr(page, page) +
                   intact.substr(3 * page),
               "pages swapped");
  std::filesystem::remove(path);
  EXPECT_THAT(numbers(query), ElementsAre(3'000, 3'001));
  const std::string again = read(path);
  expect_found(again.substr(0, page) + intact.substr(page), "pages of an older file");
  std::filesystem::remove(path);
  EXPECT_THAT(numbers(query), ElementsAre(3'000, 3'001));
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(QueryTest, AnIndexOfAnotherSegmentIsFound) {
  write(0, 3'000, 300'000);
  Query query;
  query.call_id = "call_700";
  EXPECT_THAT(numbers(query), ElementsAre(1'400, 1'401));
  const auto segments = list_segments(dir()).value();
  overwrite(index_path(dir(), segments[1]), read(index_path(dir(), segments[0])));
  EXPECT_THAT(what(report()), testing::HasSubstr("not what was written"));
  EXPECT_THAT(numbers(query), ElementsAre(1'400, 1'401));
}

TEST_F(QueryTest, AChangedRecordIsShownAsMalformed) {
  write(0, 100);
  Query query;
  query.call_id = "call_20";
  std::string bytes = read(segment_path());
  bytes.replace(bytes.find("\"resource\":\"40\"") + 13, 1, "5");
  overwrite(segment_path(), bytes);
  const auto found = search(dir(), query, 10);
  ASSERT_THAT(found->records, SizeIs(2));
  EXPECT_EQ(found->malformed, 1U);
  EXPECT_EQ(found->records[0].at("event_type"), "malformed");
}

TEST_F(QueryTest, AChangedRecordIsShownWhateverIsLookedFor) {
  const WallTime start = clock_.wall();
  write(0, 3'000, 300'000);
  const auto segments = list_segments(dir()).value();
  ASSERT_GT(segments.size(), 3U);
  for (const Segment& segment : {segments.front(), segments.back()}) {
    const std::string path = dir() + "/" + segment.name;
    std::string bytes = read(path);
    bytes.replace(bytes.find(R"("tool":"bash")"), 13, R"("tool":"bxsh")");
    overwrite(path, bytes);
  }
  std::vector<Query> queries(5);
  queries[0].tool = "bash";
  queries[1].text = "nowhere";
  queries[2].since = format_time(start + std::chrono::hours(1));
  queries[3].min_risk = 1.0;
  queries[4].call_id = "call_3";
  queries[4].text = "nowhere";
  for (const char* const when : {"without an index", "with one"}) {
    for (const Query& query : queries) {
      const auto found = search(dir(), query, 100'000);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->malformed, 2U) << when << &query - queries.data();
      const auto read = for_each(dir(), query, [](const auto&, auto) { return true; });
      EXPECT_EQ(read->count, 2U) << when << &query - queries.data();
    }
  }
}

TEST_F(QueryTest, ARecordThatWasChangedAfterItsIndexIsStillFoundByWhatItWas) {
  write(0, 3'000, 300'000);
  Query query;
  query.call_id = "call_3";
  EXPECT_THAT(numbers(query), ElementsAre(6, 7));
  std::string bytes = read(segment_path());
  bytes.replace(bytes.find(R"("call_id":"call_3")"), 18, R"("call_id":"call_4")");
  overwrite(segment_path(), bytes);
  EXPECT_EQ(search(dir(), query, 10)->malformed, 1U);
}

TEST_F(QueryTest, WhatIsMissingIsSaidWhateverIsLookedFor) {
  write(0, 3'000, 300'000);
  const auto segments = list_segments(dir()).value();
  const auto expect_gap = [this](std::string_view what) {
    Query query;
    query.tool = "none";
    const auto found = search(dir(), query, 10);
    ASSERT_TRUE(found) << found.error().to_string();
    ASSERT_THAT(found->records, SizeIs(1)) << what;
    EXPECT_THAT(place_of(found->records[0]), testing::HasSubstr(what));
    EXPECT_EQ(found->malformed, 1U);
    EXPECT_EQ(for_each(dir(), query, [](const auto&, auto) { return true; })->count, 1U);
    const auto newest = tail(dir(), 5);
    ASSERT_TRUE(newest);
    EXPECT_THAT(place_of(newest->back()), testing::HasSubstr(what));
  };
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, segments.size() - 1}) {
    const std::string path = dir() + "/" + segments[at].name;
    const std::string intact = read(path);
    const bool newest = at + 1 == segments.size();
    overwrite(path, "");
    expect_gap(newest ? "missing at the end" : "missing before it");
    overwrite(path, intact.substr(0, intact.rfind('\n', intact.size() - 2) + 1));
    expect_gap(newest ? "missing at the end" : "missing before it");
    std::filesystem::remove(path);
    expect_gap(newest ? "missing at the end" : "missing before it");
    overwrite_new(path, intact);
  }
  const std::string head = read(dir() + "/head");
  overwrite(dir() + "/head", std::string(head.size(), 'x'));
  expect_gap("damaged");
  std::filesystem::remove(dir() + "/head");
  expect_gap("head:0: the file is missing");
  for (const Segment& segment : segments) {
    std::filesystem::remove(dir() + "/" + segment.name);
  }
  expect_gap("emptied");
  std::filesystem::remove_all(dir());
  expect_gap("removed");
}

TEST_F(QueryTest, NothingIsFoundWhereThereIsNothing) {
  EXPECT_THAT(numbers({}), IsEmpty());
  fill(0);
  EXPECT_THAT(numbers({}), IsEmpty());
}

TEST(WhenTest, TimesAndAgesAreRead) {
  const WallTime now{std::chrono::seconds(1'700'000'000)};
  const auto at = [now](std::string_view text) { return parse_when(text, now).value_or("-"); };
  EXPECT_EQ(at("2026-11-26"), "2026-11-26T00:00:00.000Z");
  EXPECT_EQ(at("2026-11-26T10:00:00Z"), "2026-11-26T10:00:00.000Z");
  EXPECT_EQ(at("2026-11-26T10:00:00.25+02:00"), "2026-11-26T08:00:00.250Z");
  EXPECT_EQ(at("2026-11-26T10:00:00-00:30"), "2026-11-26T10:30:00.000Z");
  EXPECT_EQ(at("0s"), format_time(now));
  EXPECT_EQ(at("24h"), format_time(now - std::chrono::hours(24)));
  EXPECT_EQ(at("2w"), format_time(now - std::chrono::hours(24 * 14)));
  for (const char* bad : {"", "x", "5", "5y", "-5d", "2026-13-01", "99999999999d", "1.5h"}) {
    EXPECT_EQ(at(bad), "-") << bad;
  }
}

TEST(MembersTest, TopLevelMembersAreFoundWhateverTheyHold) {
  RawMembers members(R"({"a":"x\"},\\","b":{"c":[1,"]}"]},"d":-1.5,"e":[],"f":true})");
  std::vector<std::string> seen;
  while (members.next()) {
    seen.push_back(std::string(members.key()) + "=" + std::string(members.value()));
  }
  EXPECT_THAT(seen,
              ElementsAre(R"(a="x\"},\\")", R"(b={"c":[1,"]}"]})", "d=-1.5", "e=[]", "f=true"));
}

RC_GTEST_PROP(MembersTest, NoBytesMakeItReadBeyondItsText, (const std::string& text)) {
  const std::string object = "{\"" + text;
  RawMembers members(object);
  std::size_t count = 0;
  while (members.next()) {
    RC_ASSERT(++count <= object.size());
  }
}

}  // namespace
}  // namespace oap::audit
