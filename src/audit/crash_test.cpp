#include <filesystem>

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/head.hpp"
#include "audit/log_fixture.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// What a writer leaves that was killed, or whose machine was.
class CrashTest : public LogFixture {
 protected:
  std::string head_path() const { return dir() + "/head"; }
  std::uint64_t file_size() const {
    struct stat info{};
    return stat(segment_path().c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }
  void append_many(Log& log, int count) const {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log.append(event(), Durability::kSync));
    }
  }
  /// A chain whose writer was killed while it had room ahead; how long its records are.
  std::size_t killed_with_room() {
    const pid_t pid = fork();
    if (pid == 0) {
      const auto log = open();
      do {
        append_many(*log, 20);
      } while (read(segment_path()).find('\0') == std::string::npos);
      kill(getpid(), SIGKILL);
    }
    waitpid(pid, nullptr, 0);
    return read(segment_path()).find('\0');
  }
};

TEST_F(CrashTest, RoomIsMadeWhileInUseAndCutAtTheEnd) {
  std::uint64_t records = 0;
  {
    const auto log = open();
    append_many(*log, 1);
    const Deadline deadline = Deadline::after(Millis(20'000));
    while (read(segment_path()).find('\0') == std::string::npos && !deadline.passed()) {
      ASSERT_TRUE(log->append(event(), Durability::kSync));
    }
    append_many(*log, 100);
    const std::string bytes = read(segment_path());
    records = bytes.find('\0');
    EXPECT_LT(records, bytes.size());
    EXPECT_EQ(bytes.find_first_not_of('\0', records), std::string::npos);
    EXPECT_TRUE(report().ok) << what(report());
    EXPECT_THAT(report().notes, IsEmpty());
    EXPECT_EQ(tail(dir(), 2).value().size(), 2U);
  }
  EXPECT_EQ(file_size(), records);
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(CrashTest, NoRoomIsMadeWhereNoneIsWanted) {
  Log::Options none = options();
  none.room_bytes = 0;
  const auto log = open(none);
  append_many(*log, 100);
  EXPECT_EQ(read(segment_path()).find('\0'), std::string::npos);
}

TEST_F(CrashTest, SegmentsEndWhereTheirRecordsDo) {
  Log::Options small = options();
  small.segment_bytes = 20'000;
  {
    const auto log = open(small);
    append_many(*log, 300);
  }
  const auto segments = list_segments(dir()).value();
  EXPECT_GT(segments.size(), 3U);
  for (const Segment& segment : segments) {
    EXPECT_EQ(read(dir() + "/" + segment.name).find('\0'), std::string::npos);
  }
  EXPECT_TRUE(report().ok) << what(report());
  std::filesystem::resize_file(segment_path(), file_size() + 5);
  EXPECT_THAT(what(report()), HasSubstr("zeros stand behind"));
}

TEST_F(CrashTest, AKilledWritersRoomIsNoBreachAndIsGivenBack) {
  const std::size_t records = killed_with_room();
  ASSERT_LT(records, file_size());
  EXPECT_TRUE(report().ok) << what(report());
  const std::uint64_t events = report().events;
  fill(1);
  EXPECT_EQ(report().events, events + 1);
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_THAT(report().notes, IsEmpty());
  EXPECT_EQ(read(segment_path()).find('\0'), std::string::npos);
}

TEST_F(CrashTest, BytesBehindAGapAreTamperingUnlessWholeBlocksAreMissing) {
  const std::size_t records = killed_with_room();
  const std::string intact = read(segment_path());
  const std::size_t block = (records / 512 + 3) * 512;
  for (const std::size_t at : {records + 1, block - 7, block + 1}) {
    std::string bytes = intact;
    bytes.replace(at, 5, "bytes");
    overwrite(segment_path(), bytes);
    EXPECT_FALSE(report().ok) << at;
    EXPECT_EQ(Log::open(options()).error().code(), Code::kDataLoss) << at;
    EXPECT_EQ(read(segment_path()), bytes);
  }
  std::string bytes = intact;
  bytes.replace(block, 5, "bytes");
  overwrite(segment_path(), bytes);
  EXPECT_TRUE(report().ok) << what(report());
  fill(1);
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_THAT(report().notes, Contains(HasSubstr("incomplete record cut")));
}

TEST_F(CrashTest, RecordsThatWereBlankedAreMissed) {
  fill(3);
  std::string bytes = read(segment_path());
  const std::size_t last = bytes.rfind('\n', bytes.size() - 2) + 1;
  overwrite(segment_path(), bytes.substr(0, last) + std::string(bytes.size() - last, '\0'));
  EXPECT_THAT(what(report()), HasSubstr("records 3 to 3 are missing"));
  fill(1);
  EXPECT_THAT(what(report()), HasSubstr("1 acknowledged records were missing"));
}

/// Every state that a kill between two stores can leave: what is written of the record, then what
/// is written of the head.
TEST_F(CrashTest, AKillAtAnyStepLeavesAChainThatGoesOn) {
  fill(2);
  const std::string records = read(segment_path());
  const std::string head = read(head_path());
  fill(1);
  const std::string more = read(segment_path());
  const std::string new_head = read(head_path());
  std::string begun = head;
  begun.replace(16, 8, new_head, 16, 8);
  const auto expect_good = [&](std::size_t written, const std::string& head_bytes) {
    overwrite(segment_path(), more.substr(0, written) + std::string(5'000, '\0'));
    overwrite(head_path(), head_bytes);
    ASSERT_TRUE(report().ok) << written << what(report());
    fill(1);
    const VerifyReport found = report();
    ASSERT_TRUE(found.ok) << written << what(found);
    ASSERT_GE(found.events, 3U);
    ASSERT_EQ(read(segment_path()).find('\0'), std::string::npos);
  };
  expect_good(records.size(), head);
  for (std::size_t written = records.size(); written <= more.size(); written += 5) {
    expect_good(written, begun);
  }
  expect_good(more.size(), begun);
  for (std::size_t at = 500; at < 1'200; at += 9) {
    expect_good(more.size(), new_head.substr(0, at) + begun.substr(at));
  }
}

TEST_F(CrashTest, AnotherProcessTakesUpWhereAKilledOneStopped) {
  const auto log = open();
  append_many(*log, 2);
  const std::string two = read(segment_path());
  fill(1);
  ASSERT_TRUE(log->append(event("after"), Durability::kSync));
  const std::string four = read(segment_path());
  const os::UniqueFd head(::open(head_path().c_str(), O_RDWR));
  std::uint64_t begun = 0;
  ASSERT_EQ(pread(head.get(), &begun, 8, 16), 8);
  ++begun;
  ASSERT_EQ(pwrite(head.get(), &begun, 8, 16), 8);
  const os::UniqueFd segment(::open(segment_path().c_str(), O_WRONLY | O_APPEND));
  ASSERT_EQ(::write(segment.get(), "{\"torn", 6), 6);
  ASSERT_TRUE(log->append(event("last"), Durability::kWritten));
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_EQ(report().events, 6U);
  EXPECT_EQ(tail(dir(), 2).value()[0].at("details").at("cut_bytes"), 6);
}

TEST_F(CrashTest, AChainWithAHeadOfEarlierVersionsGoesOn) {
  fill(3);
  const Link link = parse_head(read(head_path())).state->link;
  std::filesystem::remove(head_path());
  temp_.write("audit/head.json", print_link(link));
  EXPECT_TRUE(report().ok) << what(report());
  fill(1);
  EXPECT_FALSE(os::exists(dir() + "/head.json"));
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_THAT(report().notes, IsEmpty());
  EXPECT_EQ(report().events, 4U);
  std::filesystem::remove(head_path());
  temp_.write("audit/head.json", print_link({9, std::string(64, 'a')}));
  EXPECT_THAT(what(report()), HasSubstr("missing at the end"));
}

}  // namespace
}  // namespace oap::audit
