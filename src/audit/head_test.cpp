#include "audit/head.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::audit {
namespace {

class HeadTest : public testing::Test {
 protected:
  MappedHead open() const {
    const os::UniqueFd dir(::open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY));
    return MappedHead::open(dir.get(), temp_.path()).value();
  }
  std::string bytes() const { return os::read_file(temp_ / "head").value(); }
  static HeadState state(std::uint64_t seq) {
    return {{seq, std::string(64, static_cast<char>('a' + seq % 6))}, 1, seq * 100, seq * 50};
  }

  os::testing::TempDir temp_;
};

TEST_F(HeadTest, WhatWasCommittedIsReadByAnother) {
  MappedHead mine = open();
  EXPECT_FALSE(mine.read().state);
  ASSERT_TRUE(mine.reset(state(0)));
  MappedHead other = open();
  EXPECT_EQ(other.read().state, state(0));
  for (std::uint64_t seq = 1; seq < 20; ++seq) {
    EXPECT_TRUE(mine.untouched());
    ASSERT_TRUE(mine.begin());
    EXPECT_TRUE(other.read().open);
    EXPECT_EQ(other.read().state, state(seq - 1));
    ASSERT_TRUE(mine.commit(state(seq)));
    EXPECT_FALSE(other.untouched());
    EXPECT_EQ(other.read().state, state(seq));
    EXPECT_FALSE(other.read().open);
    EXPECT_TRUE(other.untouched());
    EXPECT_EQ(parse_head(bytes()).state, state(seq));
  }
}

TEST_F(HeadTest, AWriterThatDiesAtAnyBytePointLeavesTheStateBefore) {
  MappedHead mine = open();
  ASSERT_TRUE(mine.reset(state(1)));
  ASSERT_TRUE(mine.begin());
  ASSERT_TRUE(mine.commit(state(2)));
  const std::string before = bytes();
  ASSERT_TRUE(mine.begin());
  const std::string begun = bytes();
  ASSERT_TRUE(mine.commit(state(3)));
  const std::string after = bytes();
  for (std::size_t done = 0; done < after.size(); ++done) {
    const HeadText text = parse_head(after.substr(0, done) + begun.substr(done));
    ASSERT_TRUE(text.state) << done;
    ASSERT_TRUE(text.state == state(2) || text.state == state(3)) << done;
    ASSERT_EQ(text.open, text.state == state(2)) << done;
  }
  EXPECT_EQ(parse_head(before).state, state(2));
}

TEST_F(HeadTest, AChangedByteIsDamageOrLooksLikeAWriterThatDied) {
  MappedHead mine = open();
  ASSERT_TRUE(mine.reset(state(1)));
  ASSERT_TRUE(mine.begin());
  ASSERT_TRUE(mine.commit(state(2)));
  const std::string intact = bytes();
  int damaged = 0;
  for (std::size_t at = 0; at < intact.size(); ++at) {
    for (const char mask : {'\x01', '\x40', '\xff'}) {
      std::string changed = intact;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      const HeadText text = parse_head(changed);
      damaged += text.state ? 0 : 1;
      ASSERT_TRUE(!text.state || text.open) << at;
    }
  }
  EXPECT_GT(damaged, 3 * (4'096 - 200));
  EXPECT_FALSE(parse_head("").state);
  EXPECT_FALSE(parse_head(std::string(4'096, '\0')).state);
  EXPECT_FALSE(parse_head(intact.substr(1)).state);
  EXPECT_FALSE(parse_head(intact + "x").state);
}

TEST_F(HeadTest, AFileThatIsCutOrRemovedIsAnAnswer) {
  MappedHead mine = open();
  ASSERT_TRUE(mine.reset(state(1)));
  ASSERT_EQ(truncate((temp_ / "head").c_str(), 0), 0);
  EXPECT_FALSE(mine.untouched());
  EXPECT_FALSE(mine.begin());
  EXPECT_FALSE(mine.commit(state(2)));
  EXPECT_FALSE(mine.read().state);
  ASSERT_TRUE(mine.reset(state(3)));
  EXPECT_EQ(mine.read().state, state(3));
  ASSERT_EQ(unlink((temp_ / "head").c_str()), 0);
  EXPECT_FALSE(mine.read().state);
}

TEST_F(HeadTest, ABusErrorElsewhereStillEndsTheProcess) {
  const MappedHead mine = open();
  const pid_t pid = fork();
  if (pid == 0) {
    ::raise(SIGBUS);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace oap::audit
