#include "cli/output_file.hpp"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::cli {
namespace {

namespace fs = std::filesystem;
using os::testing::TempDir;

TEST(OutputFile, AFileIsReplacedAndANewOneIsMade) {
  const TempDir dir;
  ASSERT_TRUE(write_output_file(dir / "new", "a", 0600));
  EXPECT_EQ(os::read_file(dir / "new"), "a");
  EXPECT_EQ(fs::status(dir / "new").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(write_output_file(dir / "new", "b", 0600));
  EXPECT_EQ(os::read_file(dir / "new"), "b");
  EXPECT_FALSE(write_output_file(dir.path(), "x", 0600));
  EXPECT_FALSE(write_output_file(dir / "none/x", "x", 0600));
}

TEST(OutputFile, ALinkStaysOne) {
  const TempDir dir;
  const std::string target = dir.write("target", "old");
  fs::create_symlink(target, dir / "link");
  ASSERT_TRUE(write_output_file(dir / "link", "new", 0600));
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_EQ(os::read_file(target), "new");
}

TEST(OutputFile, APipeAndADeviceAreWrittenInto) {
  const TempDir dir;
  const std::string pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] {
    std::FILE* const file = std::fopen(pipe.c_str(), "rb");
    char bytes[16];
    read.assign(bytes, std::fread(bytes, 1, sizeof bytes, file));
    std::fclose(file);
  });
  const auto written = write_output_file(pipe, "hello", 0600);
  reader.join();
  EXPECT_TRUE(written);
  EXPECT_EQ(read, "hello");
  EXPECT_TRUE(fs::is_fifo(pipe));
  fs::create_symlink("/dev/full", dir / "full");
  EXPECT_FALSE(write_output_file(dir / "full", "x", 0600));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_TRUE(write_output_file("/dev/null", "x", 0600));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace oap::cli
