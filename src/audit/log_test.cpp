#include "audit/log.hpp"

#include <filesystem>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/log_fixture.hpp"
#include "audit/tail.hpp"
#include "json/parse.hpp"

namespace oap::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using LogTest = LogFixture;

TEST_F(LogTest, RecordsFollowEachOtherAcrossOpens) {
  fill(3);
  fill(2);
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, 5U);
  EXPECT_EQ(found.first, 1U);
  EXPECT_EQ(found.last, 5U);
  EXPECT_THAT(found.notes, IsEmpty());
  struct stat info{};
  ASSERT_EQ(stat(dir().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  ASSERT_EQ(stat(segment_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(LogTest, AnEmptyChainIsIntactAndSaysSo) {
  EXPECT_TRUE(report().ok);
  EXPECT_THAT(report().notes, ElementsAre("the chain is empty"));
  open();
  EXPECT_TRUE(report().ok);
  EXPECT_EQ(to_json(report()).at("events"), 0);
}

TEST_F(LogTest, EveryFlippedByteIsFound) {
  fill(3);
  for (const std::string& path : {segment_path(), dir() + "/head"}) {
    const std::string intact = read(path);
    const std::size_t step = path == segment_path() ? 1 : 5;
    for (std::size_t at = 0; at < intact.size(); at += step) {
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      overwrite(path, bytes);
      const VerifyReport found = report();
      ASSERT_TRUE(!found.ok || !found.notes.empty()) << path << " byte " << at;
      ASSERT_TRUE(!found.ok || path != segment_path()) << "byte " << at;
    }
    overwrite(path, intact);
  }
  EXPECT_TRUE(report().ok);
}

TEST_F(LogTest, ACutEndIsFoundWhereverItIsCut) {
  fill(3);
  const std::string intact = read(segment_path());
  for (std::size_t size = 0; size < intact.size(); ++size) {
    overwrite(segment_path(), intact.substr(0, size));
    ASSERT_FALSE(report().ok) << size;
  }
  std::filesystem::remove(segment_path());
  EXPECT_FALSE(report().ok);
}

TEST_F(LogTest, ACrashInTheMiddleOfARecordIsRepairedAndSaidOnce) {
  fill(2);
  const std::string head = read(dir() + "/head");
  const std::string two = read(segment_path());
  fill(1);
  const std::string three = read(segment_path());
  for (std::size_t size = two.size() + 1; size < three.size(); size += 7) {
    overwrite(dir() + "/head", head);
    overwrite(segment_path(), three.substr(0, size));
    EXPECT_TRUE(report().ok) << "an incomplete record that nobody was told of is no breach";
    EXPECT_THAT(report().notes, ElementsAre(HasSubstr("left incomplete")));
    open();
    const VerifyReport found = report();
    ASSERT_TRUE(found.ok) << what(found);
    EXPECT_EQ(found.events, 3U);
    const auto last = tail(dir(), 1).value();
    EXPECT_EQ(last[0].at("event_type"), "recovered");
    EXPECT_EQ(last[0].at("details").at("cut_bytes"), size - two.size());
  }
  open();
  EXPECT_EQ(report().events, 3U);
}

TEST_F(LogTest, NothingIsAppendedToADamagedChain) {
  fill(2);
  std::string bytes = read(segment_path());
  bytes[bytes.size() - 100] ^= 1;
  overwrite(segment_path(), bytes);
  const auto log = Log::open(options());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code(), Code::kDataLoss);
  EXPECT_THAT(log.error().message(), HasSubstr("oap audit verify"));
  EXPECT_EQ(read(segment_path()), bytes);
}

TEST_F(LogTest, SegmentsRotateBySizeAndAgeAndTheChainGoesOn) {
  Log::Options small = options();
  small.segment_bytes = 1'000;
  {
    const auto log = open(small);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(log->append(event(), Durability::kWritten));
    }
    clock_.advance(std::chrono::hours(25));
    ASSERT_TRUE(log->append(event(), Durability::kSync));
  }
  EXPECT_GT(list_segments(dir()).value().size(), 3U);
  EXPECT_TRUE(report().ok);
  EXPECT_EQ(report().events, 11U);
  const std::size_t before = list_segments(dir()).value().size();
  clock_.advance(std::chrono::hours(25));
  fill(1);
  EXPECT_EQ(list_segments(dir()).value().size(), before + 1);
  EXPECT_TRUE(report().ok);

  const auto segments = list_segments(dir()).value();
  const std::string away = temp_ / "away";
  std::filesystem::rename(dir() + "/" + segments[1].name, away);
  EXPECT_THAT(what(report()), HasSubstr("missing before this one"));
  std::filesystem::rename(away, dir() + "/" + segments[1].name);
  std::filesystem::rename(dir() + "/" + segments[0].name, away);
  EXPECT_THAT(what(report()), HasSubstr("missing before this one"));
}

TEST_F(LogTest, RetirementDeletesOldSegmentsAndKeepsTheRestVerifiable) {
  Log::Options small = options();
  small.segment_bytes = 1;
  const auto log = open(small);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(log->append(event(), Durability::kSync));
  }
  clock_.advance(std::chrono::hours(24 * 10));
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  EXPECT_EQ(log->retire(std::chrono::hours(24 * 30)).value().segments, 0U);
  const Log::Retired retired = log->retire(std::chrono::hours(24 * 5)).value();
  EXPECT_EQ(retired.segments, 4U);
  EXPECT_EQ(retired.events, 4U);
  VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.first, 5U);
  EXPECT_EQ(found.last, 6U);
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  EXPECT_TRUE(report().ok);
  std::filesystem::remove(segment_path(5));
  EXPECT_FALSE(report().ok);
}

TEST_F(LogTest, AForgedAnchorIsFound) {
  Log::Options small = options();
  small.segment_bytes = 1;
  const auto log = open(small);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(log->append(event(), Durability::kSync));
  }
  const auto first = parse_line(read(segment_path()).substr(0, read(segment_path()).size() - 1));
  overwrite(segment_path(), "");
  std::filesystem::remove(segment_path());
  temp_.write("audit/retired.json", print_link(first->link));
  EXPECT_THAT(what(report()), HasSubstr("no `retired` record"));
}

TEST_F(LogTest, ThreadsShareSyncsAndKeepOneChain) {
  const auto log = open();
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const auto durability = (i + t) % 3 == 0 ? Durability::kWritten : Durability::kSync;
        failures += log->append(event(), durability) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failures, 0);
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, 200U);
}

TEST_F(LogTest, ProcessesInParallelKeepOneChain) {
  Log::Options small = options();
  small.segment_bytes = 20'000;
  std::vector<pid_t> children;
  for (int child = 0; child < 3; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      auto log = Log::open(small);
      if (!log) {
        fmt::print(stderr, "open: {}\n", log.error().to_string());
        _exit(1);
      }
      for (int i = 0; i < 100; ++i) {
        const auto written = (*log)->append(event(fmt::format("p{}-{}", child, i)),
                                            i % 4 == 0 ? Durability::kSync : Durability::kWritten);
        if (!written) {
          fmt::print(stderr, "record {}: {}\n", i, written.error().to_string());
          _exit(1);
        }
      }
      _exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, 300U);
}

TEST_F(LogTest, AKilledProcessLosesNothingThatItWasTold) {
  std::mt19937 random(20'261'121);
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 10; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      auto log = Log::open(options());
      char done = log ? 'o' : 'x';
      while (log && ::write(pipe_fds[1], &done, 1) == 1) {
        done = (*log)->append(event(), Durability::kSync) ? 'a' : 'x';
      }
      _exit(1);
    }
    ::close(pipe_fds[1]);
    const auto wanted = random() % 40;
    char done = 0;
    for (std::uint64_t i = 0; i <= wanted && ::read(pipe_fds[0], &done, 1) == 1; ++i) {
      ASSERT_NE(done, 'x');
      acknowledged += done == 'a' ? 1U : 0U;
    }
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    while (::read(pipe_fds[0], &done, 1) == 1) {
      acknowledged += done == 'a' ? 1U : 0U;
    }
    ::close(pipe_fds[0]);
    const VerifyReport found = report();
    ASSERT_TRUE(found.ok) << what(found);
    ASSERT_GE(found.last, acknowledged);
  }
  fill(1);
  EXPECT_TRUE(report().ok);
}

TEST_F(LogTest, AFullDiskIsAnErrorThatChangesNothingAndGoesToTheEmergencyFile) {
  Log::Options with_emergency = options();
  with_emergency.emergency_file = ".opencode/emergency_audit.log";
  const pid_t pid = fork();
  if (pid == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{6'000, 6'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto log = Log::open(with_emergency);
    int written = 0;
    Code code = Code::kInternal;
    for (int i = 0; log && i < 40; ++i) {
      const auto appended = (*log)->append(event(), Durability::kSync);
      written += appended ? 1 : 0;
      code = appended ? code : appended.error().code();
    }
    _exit(code == Code::kResourceExhausted ? written : 99);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  const auto written = static_cast<std::uint64_t>(WEXITSTATUS(status));
  EXPECT_GT(written, 2U);
  EXPECT_LT(written, 40U);
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, written);
  EXPECT_THAT(found.notes, IsEmpty());
  const std::string saved = read(temp_ / ".opencode/emergency_audit.log");
  const auto line = json::parse(saved.substr(0, saved.find('\n')));
  ASSERT_TRUE(line) << saved;
  EXPECT_EQ(line->at("event").at("tool"), "bash");
  EXPECT_THAT(std::string(json::view(line->at("audit_failure").as_string())),
              HasSubstr("File too large"));
}

TEST_F(LogTest, AFolderThatCannotBeWrittenIsAnError) {
  Log::Options bad = options();
  bad.dir = "/proc/oap-audit";
  EXPECT_FALSE(Log::open(bad));
  temp_.write("file", "x");
  bad.dir = temp_ / "file";
  EXPECT_FALSE(Log::open(bad));
  if (geteuid() != 0) {
    fill(1);
    ASSERT_EQ(chmod(segment_path().c_str(), 0400), 0);
    EXPECT_FALSE(Log::open(options()));
    EXPECT_TRUE(report().ok);
  }
}

TEST_F(LogTest, AVanishedSegmentStopsTheLog) {
  const auto log = open();
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  std::filesystem::remove(segment_path());
  clock_.advance(Millis(10));
  EXPECT_EQ(log->append(event(), Durability::kSync).error().code(), Code::kDataLoss);
  EXPECT_EQ(log->append(event(), Durability::kSync).error().code(), Code::kDataLoss);
}

TEST_F(LogTest, TheExportHoldsTheSameLinesAndNeverLeavesTheWorkspace) {
  Log::Options exporting = options();
  exporting.export_file = ".opencode/audit.log";
  {
    const auto log = open(exporting);
    ASSERT_TRUE(log->append(event(), Durability::kSync));
    ASSERT_TRUE(log->append(event(), Durability::kWritten));
  }
  EXPECT_EQ(read(temp_ / ".opencode/audit.log"), read(segment_path()));
  std::filesystem::remove(temp_ / ".opencode/audit.log");
  std::filesystem::create_symlink("/tmp/elsewhere", temp_ / ".opencode/audit.log");
  EXPECT_EQ(Log::open(exporting).error().code(), Code::kConfiguration);
  exporting.export_file = "../outside.log";
  EXPECT_EQ(Log::open(exporting).error().code(), Code::kConfiguration);
  std::filesystem::create_directory_symlink("/tmp", temp_ / "link");
  exporting.export_file = "link/outside.log";
  EXPECT_FALSE(Log::open(exporting));
}

TEST_F(LogTest, AnExportThatMayFailIsTriedAgainWhileTheLogGoesOn) {
  temp_.write("blocked", "a file where a folder should be\n");
  Log::Options exporting = options();
  exporting.export_file = "blocked/audit.log";
  EXPECT_EQ(Log::open(exporting).error().code(), Code::kConfiguration);
  exporting.export_may_fail = true;
  {
    const auto log = open(exporting);
    ASSERT_TRUE(log->append(event("a"), Durability::kSync));
    EXPECT_EQ(report().events, 1U);
  }
  const auto log = open(exporting);
  std::filesystem::remove(temp_ / "blocked");
  ASSERT_TRUE(log->append(event("b"), Durability::kSync));
  const std::string exported = read(temp_ / "blocked/audit.log");
  EXPECT_THAT(read(segment_path()), testing::EndsWith(exported));
  EXPECT_THAT(exported, HasSubstr("\"b\""));
  exporting.export_file = "../outside.log";
  EXPECT_EQ(Log::open(exporting).error().code(), Code::kConfiguration) << "that is no failure";
}

TEST_F(LogTest, TailGivesTheLastMatchingRecordsOldestFirst) {
  Log::Options small = options();
  small.segment_bytes = 2'000;
  {
    const auto log = open(small);
    for (int i = 0; i < 30; ++i) {
      Event made = event(i % 2 == 0 ? "even" : "odd");
      made.resource = fmt::format("{}", i);
      ASSERT_TRUE(log->append(made, Durability::kWritten));
    }
  }
  std::vector<std::string> resources;
  const auto records = tail(dir(), 3, {.tool = "odd"}).value();
  for (const json::Object& record : records) {
    resources.emplace_back(json::view(record.at("resource").as_string()));
  }
  EXPECT_THAT(resources, ElementsAre("25", "27", "29"));
  EXPECT_EQ(tail(dir(), 100).value().size(), 30U);
  EXPECT_EQ(tail(dir(), 0).value().size(), 0U);
  EXPECT_EQ(tail(temp_ / "none", 5).value().size(), 0U);
  temp_.write("audit/" + segment_name(900), "garbage\n");
  EXPECT_EQ(tail(dir(), 1).value()[0].at("event_type"), "malformed");
}

}  // namespace
}  // namespace oap::audit
