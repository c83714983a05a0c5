#include "platform/stale_locks.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"

namespace oap::platform {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(StaleLocks, WhatAKilledGitLeftGoesAndTheRestStays) {
  const os::testing::TempDir folder;
  const std::filesystem::path git = std::filesystem::path(folder.path()) / ".git";
  std::filesystem::create_directories(git / "refs/heads/oap");
  std::filesystem::create_directories(git / "refs/heads/own");
  for (const char* name : {"packed-refs.lock", "index.lock", "index", "refs/heads/oap/task_1.lock",
                           "refs/heads/oap/task_2", "refs/heads/own/a.lock"}) {
    std::ofstream(git / name) << "x";
  }
  const WallTime now = system_clock().wall();
  EXPECT_THAT(remove_stale_git_locks(folder.path(), now + std::chrono::hours(1)), IsEmpty());
  EXPECT_THAT(remove_stale_git_locks(folder.path(), now - std::chrono::hours(1)),
              UnorderedElementsAre(".git/packed-refs.lock", ".git/index.lock",
                                   ".git/refs/heads/oap/task_1.lock"));
  EXPECT_TRUE(std::filesystem::exists(git / "refs/heads/own/a.lock")) << "not ours";
  EXPECT_TRUE(std::filesystem::exists(git / "index"));
  EXPECT_THAT(remove_stale_git_locks("/nowhere", now), IsEmpty());
}

}  // namespace
}  // namespace oap::platform
