#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
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

class LogDeferredTest : public LogFixture {
 protected:
  std::vector<std::string> tools() const {
    std::vector<std::string> names;
    const auto records = tail(dir(), 1'000).value();
    for (const json::Object& record : records) {
      names.emplace_back(json::get_string(record, record.at("tool") == "" ? "event_type" : "tool"));
    }
    return names;
  }
  /// As another process that appends: nothing can be written without waiting meanwhile.
  os::UniqueFd lock_folder() const {
    os::UniqueFd other(::open((dir() + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(flock(other.get(), LOCK_EX), 0);
    return other;
  }
  /// Until the chain holds so many records; the log's own timer is what is waited for.
  std::uint64_t wait_for(std::uint64_t count) const {
    const Deadline deadline = Deadline::after(Millis(10'000));
    std::uint64_t events = 0;
    while ((events = report().events) < count && !deadline.passed()) {
      std::this_thread::yield();
    }
    return events;
  }
};

TEST_F(LogDeferredTest, IsWrittenInTheCallWhereThatNeedsNoWaiting) {
  const auto log = open();
  ASSERT_TRUE(log->append(event("a"), Durability::kSync));
  ASSERT_TRUE(log->append(event("b"), Durability::kDeferred));
  EXPECT_THAT(tools(), ElementsAre("a", "b"));
  bool done = false;
  log->append_async(event("c"), Durability::kDeferred,
                    [&done](const Result<void>& written) { done = static_cast<bool>(written); });
  EXPECT_TRUE(done);
  EXPECT_THAT(tools(), ElementsAre("a", "b", "c"));
}

TEST_F(LogDeferredTest, IsElseAcceptedInTheCallAndWrittenSoonByItself) {
  const auto log = open();
  os::UniqueFd other = lock_folder();
  bool accepted = false;
  const std::thread::id here = std::this_thread::get_id();
  log->append_async(event("a"), Durability::kDeferred, [&](const Result<void>& done) {
    accepted = done && std::this_thread::get_id() == here;
  });
  EXPECT_TRUE(accepted);
  ASSERT_TRUE(log->append(event("b"), Durability::kDeferred));
  other.reset();
  EXPECT_EQ(wait_for(2), 2U);
  EXPECT_THAT(tools(), ElementsAre("a", "b"));
}

TEST_F(LogDeferredTest, TheNextGroupCarriesWhatWaitsInOrder) {
  const auto log = open();
  int number = 0;
  for (const Durability durability : {Durability::kSync, Durability::kWritten}) {
    os::UniqueFd other = lock_folder();
    ASSERT_TRUE(log->append(event(fmt::format("{}", number++)), Durability::kDeferred));
    ASSERT_TRUE(log->append(event(fmt::format("{}", number++)), Durability::kDeferred));
    other.reset();
    ASSERT_TRUE(log->append(event(fmt::format("{}", number++)), durability));
    EXPECT_EQ(report().events, static_cast<std::uint64_t>(number));
  }
  EXPECT_THAT(tools(), ElementsAre("0", "1", "2", "3", "4", "5"));
}

TEST_F(LogDeferredTest, KeepsTheOrderOfOneThreadWhateverTheClasses) {
  std::vector<std::string> wanted;
  {
    const auto log = open();
    for (int i = 0; i < 300; ++i) {
      const auto durability = static_cast<Durability>(i * 7 % 3);
      wanted.push_back(fmt::format("{}", i));
      if (i % 5 == 0) {
        ASSERT_TRUE(log->append(event(wanted.back()), durability));
      } else {
        log->append_async(event(wanted.back()), durability,
                          [](const Result<void>& done) { EXPECT_TRUE(done); });
      }
    }
  }
  EXPECT_EQ(tools(), wanted);
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(LogDeferredTest, TheDestructorWritesWhatWaits) {
  for (int round = 1; round <= 20; ++round) {
    ASSERT_TRUE(open()->append(event(), Durability::kDeferred));
    ASSERT_EQ(report().events, static_cast<std::uint64_t>(round));
  }
}

TEST_F(LogDeferredTest, OneThatWouldHaveToWaitForTheLockIsCarriedBehindTheOthers) {
  const auto log = open();
  ASSERT_TRUE(log->append(event("0"), Durability::kSync));
  os::UniqueFd other = lock_folder();
  ASSERT_TRUE(log->append(event("1"), Durability::kDeferred));
  log->append_async(event("2"), Durability::kWritten, [](const Result<void>&) {});
  ASSERT_TRUE(log->append(event("3"), Durability::kDeferred));
  other.reset();
  ASSERT_TRUE(log->append(event("4"), Durability::kSync));
  EXPECT_THAT(tools(), ElementsAre("0", "1", "2", "3", "4"));
}

/// Runs in a child whose files may not grow beyond `bytes` until it says otherwise.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    set(bytes);
  }
  static void lift() { set(RLIM_INFINITY); }

 private:
  static void set(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
};

template <class Work>
void in_child(Work work) {
  const pid_t pid = fork();
  if (pid == 0) {
    work();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_EQ(status, 0);
}

TEST_F(LogDeferredTest, OneThatCannotBeWrittenStopsTheLogUntilThatIsMended) {
  Log::Options with_emergency = options();
  with_emergency.emergency_file = "emergency.log";
  in_child([&] {
    const auto log = open(with_emergency);
    Event first = event("first");
    first.resource = std::string(10'000, 'x');
    ASSERT_TRUE(log->append(first, Durability::kSync));
    const SmallFiles small(read(segment_path()).size() + 10);
    os::UniqueFd other = lock_folder();
    ASSERT_TRUE(log->append(event("deferred"), Durability::kDeferred));
    other.reset();
    EXPECT_EQ(log->append(event("refused"), Durability::kSync).error().code(),
              Code::kResourceExhausted);
    EXPECT_FALSE(log->append(event("not accepted"), Durability::kDeferred));
    SmallFiles::lift();
    EXPECT_TRUE(log->append(event("last"), Durability::kSync));
    EXPECT_TRUE(log->append(event("accepted"), Durability::kDeferred));
  });
  EXPECT_THAT(tools(), ElementsAre("first", "recovered", "last", "accepted"));
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("3 events before it were refused")));
  const std::string saved = read(temp_ / "emergency.log");
  for (const char* tool : {"\"deferred\"", "\"refused\"", "\"not accepted\""}) {
    EXPECT_THAT(saved, HasSubstr(tool));
  }
}

TEST_F(LogDeferredTest, AFullDiskThatHasRoomAgainNeedsNoRestart) {
  in_child([&] {
    const auto log = open();
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(log->append(event("good"), Durability::kSync));
      const SmallFiles small(read(segment_path()).size() + 10);
      EXPECT_FALSE(log->append(event("refused"), Durability::kSync));
      EXPECT_FALSE(log->append(event("refused"), Durability::kWritten));
      SmallFiles::lift();
    }
    ASSERT_TRUE(log->append(event("good"), Durability::kWritten));
  });
  EXPECT_THAT(tools(),
              ElementsAre("good", "recovered", "good", "recovered", "good", "recovered", "good"));
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(LogDeferredTest, AFailedSyncIsMendedByWritingAnew) {
  const auto log = open();
  ASSERT_TRUE(log->append(event("a"), Durability::kSync));
  ASSERT_TRUE(log->append(event("b"), Durability::kWritten));
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  for (int fd = 3; fd < 256; ++fd) {
    std::error_code none;
    if (std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), none) ==
        segment_path()) {
      ASSERT_EQ(dup2(pipe_fds[1], fd), fd);
    }
  }
  Result<void> appended;
  const Deadline deadline = Deadline::after(Millis(10'000));
  while ((appended = log->append(event("c"), Durability::kSync), !appended) && !deadline.passed()) {
  }
  EXPECT_TRUE(appended);
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_THAT(tools(), testing::Contains("b"));
  EXPECT_THAT(tools().back(), "c");
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
}

}  // namespace
}  // namespace oap::audit
