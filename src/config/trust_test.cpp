#include "config/trust.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/testing/temp_dir.hpp"

namespace oap::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Trust : public ::testing::Test {
 protected:
  Trust() {
    paths_.workspace = dir_ / "w";
    paths_.state_root = dir_ / "state";
  }
  std::string record() { return dir_ / ("state/trust/" + state_name(paths_.workspace) + ".json"); }
  void expect_untrusted(const std::string& why) {
    const TrustStatus status = check_trust(paths_, digests_);
    EXPECT_FALSE(status.trusted);
    EXPECT_THAT(status.reason, HasSubstr(why));
    EXPECT_THAT(status.reason, HasSubstr("oap trust"));
  }

  os::testing::TempDir dir_;
  Paths paths_;
  std::map<std::string, std::string> digests_{{"server a", "11"}, {"server b", "22"}};
};

TEST_F(Trust, NoRecordIsNoTrust) {
  expect_untrusted("is not trusted");
  EXPECT_FALSE(check_trust(paths_, {}).recorded);
  EXPECT_FALSE(revoke_trust(paths_).value());
}

TEST_F(Trust, RecordedUntilRevoked) {
  ASSERT_TRUE(record_trust(paths_, digests_));
  EXPECT_TRUE(check_trust(paths_, digests_).trusted);
  EXPECT_TRUE(check_trust(paths_, {}).trusted);
  struct stat info{};
  ASSERT_EQ(::stat(record().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_TRUE(revoke_trust(paths_).value());
  expect_untrusted("is not trusted");
  EXPECT_FALSE(revoke_trust(paths_).value());
}

TEST_F(Trust, ChangedAndNewCommandsAskAgain) {
  ASSERT_TRUE(record_trust(paths_, digests_));
  digests_["server b"] = "33";
  digests_["server c"] = "44";
  const TrustStatus status = check_trust(paths_, digests_);
  EXPECT_FALSE(status.trusted);
  EXPECT_TRUE(status.recorded);
  EXPECT_THAT(status.changed, ElementsAre("server b", "server c"));
  expect_untrusted("server b, server c");
}

TEST_F(Trust, AnotherFolderIsNotTrusted) {
  ASSERT_TRUE(record_trust(paths_, digests_));
  const std::string old = record();
  paths_.workspace = dir_ / "other";
  expect_untrusted("is not trusted");
  std::filesystem::copy_file(old, record());
  expect_untrusted("damaged");
}

TEST_F(Trust, ADamagedRecordIsNoTrust) {
  ASSERT_TRUE(record_trust(paths_, digests_));
  for (const char* const text : {"", "{", "[]", "{}", "{\"commands\":[]}", "\xff"}) {
    dir_.write("state/trust/" + state_name(paths_.workspace) + ".json", text);
    SCOPED_TRACE(text);
    expect_untrusted("damaged");
  }
}

TEST_F(Trust, ARecordThatOthersMayWriteIsNoTrust) {
  ASSERT_TRUE(record_trust(paths_, digests_));
  ::chmod(record().c_str(), 0620);
  expect_untrusted("written by others");
  ::chmod(record().c_str(), 0600);
  EXPECT_TRUE(check_trust(paths_, digests_).trusted);
  const std::string copy = dir_ / "copy.json";
  std::filesystem::rename(record(), copy);
  std::filesystem::create_symlink(copy, record());
  expect_untrusted("written by others");
}

TEST_F(Trust, NoPlaceForTheRecordIsAnError) {
  dir_.write("state", "a file");
  EXPECT_FALSE(record_trust(paths_, digests_));
  EXPECT_FALSE(check_trust(paths_, digests_).trusted);
}

}  // namespace
}  // namespace oap::config
