#include "api/socket_place.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

os::EnvLookup env_of(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(SocketPathTest, TheNameOrTheStateDirectoryOrAShortOne) {
  EXPECT_EQ(socket_path("/s", env_of({})), "/s/oap.sock");
  EXPECT_EQ(socket_path("/s", env_of({{"OAP_SOCKET", "/run/x"}})), "/run/x");
  EXPECT_EQ(socket_path("/s", env_of({{"OAP_SOCKET", ""}})), "/s/oap.sock");
  const std::string longest = "/" + std::string(97, 'x');
  EXPECT_EQ(socket_path(longest, env_of({})), longest + "/oap.sock");
  const std::string longer = longest + "x";
  EXPECT_THAT(socket_path(longer, env_of({{"XDG_RUNTIME_DIR", "/run/user/7"}})),
              StartsWith("/run/user/7/oap-"));
  EXPECT_THAT(socket_path(longer, env_of({})), StartsWith("/tmp/oap-"));
}

class ClaimTest : public testing::Test {
 protected:
  os::testing::TempDir dir_;
  std::string root() const { return dir_.path() + "/state"; }
  std::string socket() const { return root() + "/oap.sock"; }
};

TEST_F(ClaimTest, OneAtATimeAndTheNextTakesOver) {
  {
    auto first = SocketClaim::take(root(), socket());
    ASSERT_TRUE(first) << first.error().to_string();
    struct stat info{};
    ASSERT_EQ(::lstat(socket().c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    EXPECT_EQ(running_daemon(root()), ::getpid());
    const auto second = SocketClaim::take(root(), socket());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
    EXPECT_THAT(second.error().message(), HasSubstr(std::to_string(::getpid())));
    EXPECT_FALSE(SocketClaim::take(root(), root() + "/another.sock"));
    EXPECT_FALSE(wait_until_gone(root(), Deadline::after(Millis(5))));
  }
  EXPECT_FALSE(os::exists(socket()));
  EXPECT_EQ(running_daemon(root()), 0);
  EXPECT_TRUE(wait_until_gone(root(), Deadline::after(Millis(5))));
  EXPECT_TRUE(SocketClaim::take(root(), socket()));
}

TEST_F(ClaimTest, ADeadOnesSocketIsTakenOver) {
  {
    auto dead = SocketClaim::take(root(), socket());
    ASSERT_TRUE(dead);
    ASSERT_EQ(::link(socket().c_str(), (socket() + "2").c_str()), 0);
  }
  ASSERT_EQ(::rename((socket() + "2").c_str(), socket().c_str()), 0);
  EXPECT_TRUE(SocketClaim::take(root(), socket()));
}

TEST_F(ClaimTest, WhatIsNotOursIsLeftAlone) {
  ASSERT_TRUE(os::make_dirs(root(), 0700));
  ASSERT_TRUE(os::write_file_atomic(socket(), "mine"));
  EXPECT_FALSE(SocketClaim::take(root(), socket()));
  EXPECT_EQ(*os::read_file(socket()), "mine");
}

TEST_F(ClaimTest, ASocketThatSomebodyElseMadeSinceStays) {
  {
    auto claim = SocketClaim::take(root(), socket());
    ASSERT_TRUE(claim);
    ASSERT_TRUE(os::write_file_atomic(socket(), "another"));
  }
  EXPECT_TRUE(os::exists(socket()));
}

TEST_F(ClaimTest, OpenFoldersAndLinksAreRefused) {
  ASSERT_EQ(::mkdir(root().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(root().c_str(), 0755), 0);
  const auto open = SocketClaim::take(root(), socket());
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message(), HasSubstr("chmod 700"));
  ASSERT_EQ(::chmod(root().c_str(), 0700), 0);
  const std::string link = dir_.path() + "/link";
  ASSERT_EQ(::symlink(root().c_str(), link.c_str()), 0);
  EXPECT_FALSE(SocketClaim::take(root(), link + "/oap.sock"));
  EXPECT_FALSE(SocketClaim::take(root(), "relative"));
}

}  // namespace
}  // namespace oap::api
