#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/log_fixture.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using LogAsyncTest = LogFixture;

/// What was called back, in the order of the calls.
class Answers {
 public:
  Log::Done take(int id) {
    return [this, id](const Result<void>& result) {
      const std::lock_guard lock(mutex_);
      ids_.push_back(id);
      threads_.insert(std::this_thread::get_id());
      if (!result) {
        codes_.push_back(result.error().code());
      }
      changed_.notify_all();
    };
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ids_.size() >= count; });
  }
  std::vector<int> ids() {
    const std::lock_guard lock(mutex_);
    return ids_;
  }
  std::vector<Code> codes() {
    const std::lock_guard lock(mutex_);
    return codes_;
  }
  std::set<std::thread::id> threads() {
    const std::lock_guard lock(mutex_);
    return threads_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> ids_;
  std::vector<Code> codes_;
  std::set<std::thread::id> threads_;
};

/// The numbers that each thread's records carry, as they stand in the chain.
std::map<std::string, std::vector<int>> numbers_by_tool(const std::string& dir) {
  std::map<std::string, std::vector<int>> numbers;
  const auto records = tail(dir, 100'000).value();
  for (const json::Object& record : records) {
    const std::string number(json::view(record.at("resource").as_string()));
    if (!number.empty()) {
      numbers[std::string(json::view(record.at("tool").as_string()))].push_back(std::stoi(number));
    }
  }
  return numbers;
}

Event numbered(const std::string& tool, int number) {
  Event made = event(tool);
  made.resource = fmt::format("{}", number);
  return made;
}

Durability durability_of(int number) {
  return number % 3 == 0 ? Durability::kWritten : Durability::kSync;
}

void expect_ascending(const std::vector<int>& numbers, int count) {
  ASSERT_THAT(numbers, SizeIs(count));
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
  }
}

TEST_F(LogAsyncTest, OneThreadCallsBackInOrderOnceTheRecordsAreThere) {
  Answers answers;
  const auto log = open();
  for (int i = 0; i < 200; ++i) {
    log->append_async(numbered("t", i), Durability::kSync, answers.take(i));
  }
  answers.wait_for(200);
  expect_ascending(answers.ids(), 200);
  EXPECT_THAT(answers.codes(), IsEmpty());
  EXPECT_THAT(answers.threads(), SizeIs(1));
  EXPECT_FALSE(answers.threads().contains(std::this_thread::get_id()));
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, 200U);
  expect_ascending(numbers_by_tool(dir())["t"], 200);
}

TEST_F(LogAsyncTest, AWrittenRecordThatNeedsNoWaitingIsThereBeforeTheCallReturns) {
  Answers answers;
  const auto log = open();
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  log->append_async(event(), Durability::kWritten, answers.take(7));
  EXPECT_THAT(answers.ids(), ElementsAre(7));
  EXPECT_THAT(answers.threads(), ElementsAre(std::this_thread::get_id()));
  EXPECT_EQ(report().events, 2U);
}

TEST_F(LogAsyncTest, AWrittenRecordThatWouldHaveToWaitForAnotherProcessDoesNotBlockTheCaller) {
  Answers answers;
  const auto log = open();
  ASSERT_TRUE(log->append(event(), Durability::kSync));
  const os::UniqueFd other(::open((dir() + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
  log->append_async(numbered("t", 0), Durability::kWritten, answers.take(0));
  log->append_async(numbered("t", 1), Durability::kWritten, answers.take(1));
  EXPECT_THAT(answers.ids(), IsEmpty());
  ASSERT_EQ(flock(other.get(), LOCK_UN), 0);
  answers.wait_for(2);
  EXPECT_THAT(answers.ids(), ElementsAre(0, 1));
  EXPECT_FALSE(answers.threads().contains(std::this_thread::get_id()));
  expect_ascending(numbers_by_tool(dir())["t"], 2);
}

TEST_F(LogAsyncTest, TheFirstRecordOfASegmentIsLeftToTheWriter) {
  Answers answers;
  Log::Options small = options();
  small.segment_bytes = 1;
  const auto log = open(small);
  for (int i = 0; i < 5; ++i) {
    log->append_async(numbered("t", i), Durability::kWritten, answers.take(i));
  }
  answers.wait_for(5);
  expect_ascending(answers.ids(), 5);
  EXPECT_TRUE(report().ok) << what(report());
  expect_ascending(numbers_by_tool(dir())["t"], 5);
}

TEST_F(LogAsyncTest, DestructionCompletesEverything) {
  for (int round = 0; round < 20; ++round) {
    Answers answers;
    {
      const auto log = open();
      for (int i = 0; i < 50; ++i) {
        log->append_async(event(), durability_of(i + round), answers.take(i));
      }
    }
    ASSERT_THAT(answers.ids(), SizeIs(50));
    ASSERT_THAT(answers.codes(), IsEmpty());
    ASSERT_EQ(report().events, static_cast<std::uint64_t>(50 * (round + 1)));
  }
  EXPECT_TRUE(report().ok);
}

TEST_F(LogAsyncTest, ThreadsThatWaitAndThreadsThatDoNotKeepTheirOrders) {
  constexpr int kCount = 120;
  Answers answers;
  std::atomic<int> failures = 0;
  {
    const auto log = open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        const std::string tool = fmt::format("t{}", t);
        for (int i = 0; i < kCount; ++i) {
          if ((i + t) % 4 == 0) {
            failures += log->append(numbered(tool, i), durability_of(i)) ? 0 : 1;
          } else {
            log->append_async(numbered(tool, i), durability_of(i), answers.take(i));
          }
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_TRUE(log->retire(std::chrono::hours(1)));
  }
  EXPECT_EQ(failures, 0);
  EXPECT_THAT(answers.ids(), SizeIs(4 * kCount * 3 / 4));
  EXPECT_THAT(answers.codes(), IsEmpty());
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  for (const auto& [tool, numbers] : numbers_by_tool(dir())) {
    expect_ascending(numbers, kCount);
  }
}

TEST_F(LogAsyncTest, WhatAnotherProcessAppendedMeanwhileIsTakenUpBeforeTheNextRecord) {
  const auto here = open();
  const auto other = open();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(here->append(event(), Durability::kWritten));
    ASSERT_TRUE(other->append(event(), Durability::kWritten));
    std::promise<bool> written;
    here->append_async(event(), Durability::kWritten, [&written](const Result<void>& done) {
      written.set_value(static_cast<bool>(done));
    });
    ASSERT_TRUE(written.get_future().get());
  }
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, 9U);
}

TEST_F(LogAsyncTest, TwoProcessesKeepOneChain) {
  Log::Options small = options();
  small.segment_bytes = 15'000;
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      std::atomic<int> good = 0;
      auto log = Log::open(small);
      for (int i = 0; log && i < 200; ++i) {
        (*log)->append_async(numbered(fmt::format("p{}", child), i), durability_of(i),
                             [&good](const Result<void>& done) { good += done ? 1 : 0; });
      }
      if (log) {
        log->reset();
      }
      _exit(good == 200 ? 0 : 1);
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
  EXPECT_EQ(found.events, 400U);
  auto numbers = numbers_by_tool(dir());
  expect_ascending(numbers["p0"], 200);
  expect_ascending(numbers["p1"], 200);
}

TEST_F(LogAsyncTest, AFullDiskIsToldAndChangesNothing) {
  Log::Options with_emergency = options();
  with_emergency.emergency_file = ".opencode/emergency_audit.log";
  const pid_t pid = fork();
  if (pid == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{6'000, 6'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    Answers answers;
    int good = 0;
    {
      auto log = Log::open(with_emergency);
      for (int i = 0; log && i < 40; ++i) {
        (*log)->append_async(event(), durability_of(i), answers.take(i));
        answers.wait_for(static_cast<std::size_t>(i) + 1);
      }
    }
    for (const Code code : answers.codes()) {
      good = code == Code::kResourceExhausted ? good : 99;
    }
    _exit(good + static_cast<int>(answers.ids().size() - answers.codes().size()));
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  const auto written = static_cast<std::uint64_t>(WEXITSTATUS(status));
  EXPECT_GT(written, 2U);
  EXPECT_LT(written, 40U);
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.events, written);
  EXPECT_THAT(read(temp_ / ".opencode/emergency_audit.log"), HasSubstr("\"audit_failure\""));
}

TEST_F(LogAsyncTest, ABrokenLogAnswersEachCallWithTheReason) {
  Answers answers;
  {
    const auto log = open();
    ASSERT_TRUE(log->append(event(), Durability::kSync));
    std::filesystem::remove(segment_path());
    clock_.advance(Millis(10));
    for (int i = 0; i < 6; ++i) {
      log->append_async(event(), durability_of(i), answers.take(i));
    }
    answers.wait_for(6);
    EXPECT_EQ(log->append(event(), Durability::kWritten).error().code(), Code::kDataLoss);
  }
  EXPECT_THAT(answers.ids(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(answers.codes(), std::vector<Code>(6, Code::kDataLoss));
  EXPECT_FALSE(report().ok);
}

TEST_F(LogAsyncTest, TooManyWaitingRecordsAreRefused) {
  Answers answers;
  {
    const auto log = open();
    ASSERT_TRUE(log->append(event(), Durability::kSync));
    const os::UniqueFd other(::open((dir() + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < 2 * Log::kMaxWaiting && refused < 3; ++i) {
      log->append_async(event(), Durability::kSync, [&refused](const Result<void>& done) {
        if (!done) {
          EXPECT_EQ(done.error().code(), Code::kResourceExhausted);
          ++refused;
        }
      });
    }
    EXPECT_EQ(refused, 3U);
    ASSERT_EQ(flock(other.get(), LOCK_UN), 0);
    log->append_async(event(), Durability::kSync, answers.take(1));
    ASSERT_TRUE(log->append(event(), Durability::kSync));
    log->append_async(event(), Durability::kSync, answers.take(2));
    answers.wait_for(1);
  }
  EXPECT_TRUE(report().ok);
}

}  // namespace
}  // namespace oap::audit
