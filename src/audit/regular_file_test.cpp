#include "audit/regular_file.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/checkpoint.hpp"
#include "audit/keyring.hpp"
#include "audit/log_fixture.hpp"
#include "audit/query.hpp"
#include "audit/removal.hpp"
#include "audit/report.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What somebody can put in the place of a file, and a folder that cannot be read: nothing hangs,
/// and nothing that could not be looked at passes for absent.
class StrangeFileTest : public LogFixture {
 protected:
  void build() {
    Log::Options small = options();
    small.segment_bytes = 1;
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(open(small)->append(event(), Durability::kSync));
    }
    ASSERT_TRUE(make_checkpoints(dir(), true, clock_.wall()));
  }
  std::string at(std::string_view name) const { return dir() + "/" + std::string(name); }
  bool is_intact() const {
    const auto found = verify(dir());
    return found && found->ok;
  }
  /// Runs as a user without rights to what belongs to the owner.
  template <class Work>
  void as_stranger(Work work) const {
    const bool root = geteuid() == 0;
    ASSERT_EQ(root ? seteuid(65'534) : chmod(temp_.path().c_str(), 0), 0);
    work();
    ASSERT_EQ(root ? seteuid(0) : chmod(temp_.path().c_str(), 0700), 0);
  }
};

TEST_F(StrangeFileTest, AFifoIsNeitherWaitedForNorTakenForAnEmptyFile) {
  build();
  for (const std::string name : {"lock", "head", "checkpoints", "signing-key.pub", "retired.json",
                                 "00000000000000000003.jsonl", "00000000000000000002.jsonl"}) {
    const std::string kept = temp_ / "kept";
    const bool was_there = std::filesystem::exists(at(name));
    if (was_there) {
      std::filesystem::rename(at(name), kept);
    }
    ASSERT_EQ(mkfifo(at(name).c_str(), 0600), 0);
    EXPECT_FALSE(is_intact()) << name;
    (void)Log::open(options());
    (void)tail(dir(), 10);
    (void)audit::search(dir(), {}, 10);
    (void)make_checkpoints(dir(), true, clock_.wall());
    std::filesystem::remove(at(name));
    if (was_there) {
      std::filesystem::rename(kept, at(name));
    }
  }
  EXPECT_TRUE(is_intact()) << what(report());
}

TEST_F(StrangeFileTest, TheLockIsAFileOfTheFoldersOwn) {
  build();
  std::filesystem::remove(at("lock"));
  ASSERT_EQ(mkfifo(at("lock").c_str(), 0600), 0);
  for (const Error& error : {verify(dir()).error(), Log::open(options()).error()}) {
    EXPECT_THAT(error.message(), AllOf(HasSubstr(at("lock")), HasSubstr("not a regular file")));
  }
  std::filesystem::remove(at("lock"));
  std::filesystem::create_symlink(temp_ / "elsewhere", at("lock"));
  EXPECT_THAT(verify(dir()).error().message(), HasSubstr("symbolic link"));
  EXPECT_THAT(Log::open(options()).error().message(), HasSubstr("symbolic link"));
  EXPECT_FALSE(os::exists(temp_ / "elsewhere"));
  std::filesystem::remove(at("lock"));
  EXPECT_TRUE(is_intact());
}

TEST_F(StrangeFileTest, AFolderThatCannotBeReadIsNoEmptyLog) {
  build();
  as_stranger([this] {
    const auto advice =
        AllOf(HasSubstr(dir()), HasSubstr("Permission denied"), HasSubstr("run as the user"));
    ASSERT_FALSE(verify(dir()));
    EXPECT_THAT(verify(dir()).error().message(), advice);
    EXPECT_THAT(tail(dir(), 1).error().message(), advice);
    EXPECT_THAT(audit::search(dir(), {}, 1).error().message(), advice);
    EXPECT_THAT(make_report(dir(), {}).error().message(), advice);
    EXPECT_THAT(read_checkpoints(dir()).error().message(), advice);
    EXPECT_THAT(what_became_of(dir()).error().message(), advice);
    EXPECT_FALSE(Keyring::open(dir(), {}, false, {}));
    EXPECT_NE(Keyring::open(dir(), {}, false, {}).error().code(), Code::kNotFound);
  });
  EXPECT_TRUE(is_intact());
}

TEST_F(StrangeFileTest, ASegmentThatCannotBeLookedAtIsNotLeftOut) {
  build();
  std::filesystem::permissions(temp_.path(), std::filesystem::perms::all);
  ASSERT_EQ(chmod(dir().c_str(), 0744), 0);
  if (geteuid() != 0) {
    ASSERT_EQ(chmod(dir().c_str(), 0400), 0);
    EXPECT_FALSE(list_segments(dir()));
  } else {
    ASSERT_EQ(seteuid(65'534), 0);
    EXPECT_FALSE(list_segments(dir()));
    ASSERT_EQ(seteuid(0), 0);
  }
  ASSERT_EQ(chmod(dir().c_str(), 0700), 0);
  EXPECT_EQ(list_segments(dir())->size(), 3U);
}

TEST_F(StrangeFileTest, OnlyWhatIsNotThereIsAbsent) {
  const std::string loop = temp_ / "loop";
  std::filesystem::create_symlink(loop, loop);
  ASSERT_TRUE(os::write_file_atomic(temp_ / "file", "x"));
  EXPECT_FALSE(is_there(temp_ / "nothing").value());
  EXPECT_FALSE(is_there(temp_ / "file/below").value());
  EXPECT_TRUE(is_there(temp_ / "file").value());
  EXPECT_THAT(is_there(loop).error().message(), HasSubstr(loop));
  EXPECT_FALSE(verify(loop));
  EXPECT_FALSE(tail(loop, 1));
  EXPECT_FALSE(audit::search(loop, {}, 1));
}

TEST_F(StrangeFileTest, ReadsUpToWhatIsAllowed) {
  const std::string path = temp_ / "file";
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
    const std::string text(size, 'x');
    ASSERT_TRUE(os::write_file_atomic(path, text));
    EXPECT_EQ(read_regular(path, size).value(), text);
    EXPECT_EQ(read_regular(path, size + 1).value(), text);
    if (size > 0) {
      EXPECT_EQ(read_regular(path, size - 1).error().code(), Code::kResourceExhausted);
    }
  }
  EXPECT_EQ(read_regular(temp_ / "nothing", 1).error().code(), Code::kNotFound);
  EXPECT_FALSE(read_regular(temp_.path(), 1));
}

TEST_F(StrangeFileTest, WhatBecameOfARemovedFolderIsTold) {
  EXPECT_EQ(what_became_of(dir()).value(), "");
  open();
  EXPECT_EQ(what_became_of(dir()).value(), "") << "nothing was recorded yet";
  build();
  EXPECT_EQ(what_became_of(dir()).value(), "");
  std::filesystem::remove_all(dir());
  EXPECT_THAT(what_became_of(dir()).value(), AllOf(HasSubstr("removed"), HasSubstr(dir())));
  std::filesystem::create_directory(dir());
  EXPECT_THAT(what_became_of(dir()).value(), HasSubstr("emptied"));
  fill(1);
  EXPECT_THAT(what_became_of(dir()).value(), HasSubstr("began anew"));
}

}  // namespace
}  // namespace oap::audit
