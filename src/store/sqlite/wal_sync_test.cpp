#include "store/sqlite/wal_sync.hpp"

#include <condition_variable>
#include <future>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"

namespace oap::store::sqlite {
namespace {

using testing::HasSubstr;

/// Syncs that end when the test lets them.
class Disk {
 public:
  WalSync::Sync sync() {
    return [this](int fd) {
      std::unique_lock lock(mutex_);
      EXPECT_GE(fd, 0);
      ++begun_;
      changed_.notify_all();
      const int number = begun_;
      changed_.wait(lock, [&] { return ended_ >= number; });
      return error_;
    };
  }
  void wait_for_begun(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  void end(int count, int error = 0) {
    const std::lock_guard lock(mutex_);
    ended_ = count;
    error_ = error;
    changed_.notify_all();
  }
  int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
  int ended_ = 0;
  int error_ = 0;
};

constexpr int kAll = 1'000'000;

class WalSyncTest : public testing::Test {
 protected:
  void SetUp() override { dir_.write("x-wal", "frames"); }
  std::future<Result<void>> ask(WalSync& wal) {
    auto told = std::make_shared<std::promise<Result<void>>>();
    wal.when_synced([told](Result<void> done) { told->set_value(std::move(done)); });
    return told->get_future();
  }
  static bool is_there(const std::future<Result<void>>& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  os::testing::TempDir dir_;
  Disk disk_;
  std::string path_ = dir_ / "x-wal";
};

TEST_F(WalSyncTest, NobodyIsToldBeforeTheSyncHasEnded) {
  WalSync wal(path_, disk_.sync());
  auto answer = ask(wal);
  disk_.wait_for_begun(1);
  EXPECT_FALSE(is_there(answer));
  disk_.end(1);
  EXPECT_TRUE(answer.get());
  disk_.end(kAll);
}

TEST_F(WalSyncTest, WhoAsksDuringASyncWaitsForTheNextAndSharesIt) {
  WalSync wal(path_, disk_.sync());
  auto first = ask(wal);
  disk_.wait_for_begun(1);
  std::vector<std::future<Result<void>>> later;
  for (int i = 0; i < 8; ++i) {
    later.push_back(ask(wal));
  }
  disk_.end(1);
  EXPECT_TRUE(first.get());
  disk_.wait_for_begun(2);
  for (const auto& answer : later) {
    EXPECT_FALSE(is_there(answer));
  }
  disk_.end(2);
  for (auto& answer : later) {
    EXPECT_TRUE(answer.get());
  }
  EXPECT_EQ(disk_.begun(), 2);
}

TEST_F(WalSyncTest, WhatWasWrittenIsSyncedAlthoughNobodyAsks) {
  WalSync wal(path_, disk_.sync());
  disk_.end(kAll);
  wal.written();
  disk_.wait_for_begun(1);
}

TEST_F(WalSyncTest, TheEndSyncsWhatWasWrittenAndAnswersWhoWaits) {
  std::future<Result<void>> answer;
  {
    WalSync wal(path_, disk_.sync());
    disk_.end(kAll);
    answer = ask(wal);
    wal.written();
  }
  EXPECT_TRUE(is_there(answer));
  EXPECT_GE(disk_.begun(), 1);
}

TEST_F(WalSyncTest, AFailedSyncIsNeverForgotten) {
  WalSync wal(path_, disk_.sync());
  disk_.end(kAll, EIO);
  const Result<void> first = ask(wal).get();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(first.error().message(), HasSubstr("Input/output error"));
  EXPECT_TRUE(wal.has_failed());
  disk_.end(kAll, 0);
  EXPECT_FALSE(ask(wal).get());
  EXPECT_EQ(disk_.begun(), 1);
}

TEST_F(WalSyncTest, AFileThatCannotBeOpenedIsAFailure) {
  WalSync wal(dir_ / "missing-wal");
  const Result<void> done = ask(wal).get();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("missing-wal"));
  EXPECT_TRUE(wal.has_failed());
}

TEST_F(WalSyncTest, AsItComesItSyncsTheFile) {
  WalSync wal(path_);
  EXPECT_TRUE(ask(wal).get());
  EXPECT_FALSE(wal.has_failed());
}

}  // namespace
}  // namespace oap::store::sqlite
