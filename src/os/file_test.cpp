#include "os/file.hpp"

#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/env.hpp"
#include "os/self.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::os {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;

TEST(ReadFile, GivesAllBytes) {
  const TempDir dir;
  std::string text(100'000, 'x');
  text[5] = '\0';
  const std::string path = dir.write("a/b.txt", text);
  EXPECT_EQ(read_file(path), text);
  EXPECT_EQ(read_file(dir.write("empty", "")), "");
}

TEST(ReadFile, ReadsFilesWithoutASize) {
  EXPECT_THAT(read_file("/proc/self/status").value(), HasSubstr("Pid:"));
}

TEST(ReadFile, ErrorsNamePathAndReason) {
  const TempDir dir;
  const auto missing = read_file(dir / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_THAT(missing.error().message(), HasSubstr(dir / "none"));
  EXPECT_THAT(missing.error().message(), HasSubstr("No such file"));
  EXPECT_EQ(read_file(dir.path()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(read_file("").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(read_file(std::string("a\0b", 3)).error().code(), Code::kInvalidArgument);
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  const TempDir dir;
  const std::string path = dir.write("big", std::string(11, 'x'));
  EXPECT_TRUE(read_file(path, 11));
  EXPECT_EQ(read_file(path, 10).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(read_file("/dev/zero", 1000).error().code(), Code::kResourceExhausted);
}

TEST(ReadFile, DoesNotWaitForAFifo) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(dir / "fifo"), "");
}

TEST(WriteFileAtomic, ReplacesAndSetsTheExactMode) {
  const TempDir dir;
  const std::string path = dir.write("f", "old");
  ASSERT_TRUE(write_file_atomic(path, "new", 0666));
  EXPECT_EQ(read_file(path), "new");
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0666u);
  EXPECT_THAT(list_dir(dir.path()).value(), ElementsAre("f"));
}

TEST(WriteFileAtomic, LeavesTheOldFileWhereItFails) {
  const TempDir dir;
  const std::string path = dir.write("f", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = write_file_atomic(path, std::string(10'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kResourceExhausted);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_THAT(list_dir(dir.path()).value(), ElementsAre("f"));
}

TEST(WriteFileAtomic, ReplacesALinkAndRefusesADirectory) {
  const TempDir dir;
  const std::string target = dir.write("target", "t");
  std::filesystem::create_symlink(target, dir / "link");
  ASSERT_TRUE(write_file_atomic(dir / "link", "new"));
  EXPECT_EQ(read_file(target), "t");
  EXPECT_EQ(read_file(dir / "link"), "new");
  EXPECT_EQ(write_file_atomic(dir.path(), "x").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(write_file_atomic(dir / "none/f", "x").error().code(), Code::kNotFound);
}

TEST(MakeDirs, MakesParentsAndIsIdempotent) {
  const TempDir dir;
  EXPECT_TRUE(make_dirs(dir / "a/b//c/"));
  EXPECT_TRUE(is_directory(dir / "a/b/c"));
  EXPECT_TRUE(make_dirs(dir / "a/b/c"));
  dir.write("file", "");
  EXPECT_EQ(make_dirs(dir / "file").error().code(), Code::kAlreadyExists);
  EXPECT_FALSE(make_dirs(dir / "file/below"));
}

TEST(ListDir, IsSortedAndSaysWhatIsWrong) {
  const TempDir dir;
  dir.write("b", "");
  dir.write("a", "");
  dir.write(".hidden", "");
  EXPECT_THAT(list_dir(dir.path()).value(), ElementsAre(".hidden", "a", "b"));
  EXPECT_EQ(list_dir(dir / "a").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(list_dir(dir / "none").error().code(), Code::kNotFound);
}

struct CanonicalCase {
  const char* given;
  const char* expected;  ///< "" = an error
};

// D stands for the directory that holds: real/sub/, real/file, link -> real, up -> real/sub,
// dangling -> real/none, loop -> loop, outside -> /
constexpr CanonicalCase kCanonical[] = {
    {"D", "D"},
    {"D/", "D"},
    {"D/real/file", "D/real/file"},
    {"D/./real//sub/", "D/real/sub"},
    {"D/real/sub/..", "D/real"},
    {"D/link/file", "D/real/file"},
    {"D/link/new/file", "D/real/new/file"},
    {"D/up/../file", "D/real/file"},
    {"D/up/../new", "D/real/new"},
    {"D/none/a/../b", "D/none/b"},
    {"D/none/../link/sub", "D/real/sub"},
    {"D/dangling", "D/real/none"},
    {"D/dangling/x", "D/real/none/x"},
    {"D/outside/etc/../tmp/..", "/"},
    {"D/real/file/below", "D/real/file/below"},
    {"D/loop", ""},
    {"D/loop/x", ""},
    {"/../..", "/"},
    {"//", "/"},
};

TEST(CanonicalPath, ResolvesWhatExistsAndNormalisesTheRest) {
  const TempDir dir;
  ASSERT_TRUE(make_dirs(dir / "real/sub"));
  dir.write("real/file", "");
  std::filesystem::create_symlink("real", dir / "link");
  std::filesystem::create_symlink("real/sub", dir / "up");
  std::filesystem::create_symlink("real/none", dir / "dangling");
  std::filesystem::create_symlink("loop", dir / "loop");
  std::filesystem::create_symlink("/", dir / "outside");
  const auto placed = [&](std::string text) {
    return text.starts_with('D') ? dir.path() + text.substr(1) : text;
  };
  for (const CanonicalCase& row : kCanonical) {
    const auto got = canonical_path(placed(row.given));
    if (*row.expected == '\0') {
      EXPECT_FALSE(got) << row.given;
    } else {
      ASSERT_TRUE(got) << row.given << ": " << got.error().to_string();
      EXPECT_EQ(*got, placed(row.expected)) << row.given;
    }
  }
}

TEST(CanonicalPath, TakesRelativePathsFromTheCurrentDirectory) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(canonical_path("."), here);
  EXPECT_EQ(canonical_path("no-such-thing"), here + "/no-such-thing");
  EXPECT_FALSE(canonical_path(""));
  EXPECT_FALSE(canonical_path(std::string("a\0b", 3)));
}

TEST(FileLock, ExcludesAndTimesOut) {
  const TempDir dir;
  const auto first = FileLock::acquire(dir / "lock", Deadline::never());
  ASSERT_TRUE(first);
  const auto second = FileLock::acquire(dir / "lock", Deadline::after(Millis{20}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kDeadlineExceeded);
}

TEST(FileLock, IsFreeWhenItsHolderEnds) {
  const TempDir dir;
  {
    const auto held = FileLock::acquire(dir / "lock", Deadline::never());
    ASSERT_TRUE(held);
  }
  EXPECT_TRUE(FileLock::acquire(dir / "lock", Deadline::after(Millis{0})));
  EXPECT_EQ(FileLock::acquire(dir / "none/lock", Deadline::never()).error().code(),
            Code::kNotFound);
}

TEST(UniqueFd, ClosesOnce) {
  int raw = -1;
  {
    UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    raw = fd.get();
    UniqueFd other(std::move(fd));
    EXPECT_EQ(other.get(), raw);
    EXPECT_EQ(::fcntl(raw, F_GETFD), FD_CLOEXEC);
  }
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

TEST(Env, ReadsVariablesAndKnowsAHome) {
  ::setenv("OAP_OS_TEST", "", 1);
  EXPECT_EQ(env("OAP_OS_TEST"), "");
  ::unsetenv("OAP_OS_TEST");
  EXPECT_EQ(env("OAP_OS_TEST"), std::nullopt);
  EXPECT_TRUE(home_dir().starts_with('/'));
  EXPECT_FALSE(user_name().empty());
}

TEST(Self, KnowsItsFileAndMemory) {
  EXPECT_THAT(self_path().value(), HasSubstr("os_test"));
  EXPECT_GT(peak_rss_bytes(), 1u << 20);
}

}  // namespace
}  // namespace oap::os
