#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using WriteFile = testing::ServedTools;

TEST_F(WriteFile, CreatesAndOverwrites) {
  EXPECT_EQ(run("write_file", {{"path", "a/b/c.txt"}, {"content", "one\n"}}),
            "Created a/b/c.txt (4 bytes)");
  EXPECT_EQ(get(in("a/b/c.txt")), "one\n");
  EXPECT_EQ(run("write_file", {{"path", in("a/b/c.txt")}, {"content", ""}}),
            "Overwrote a/b/c.txt (0 bytes)");
  EXPECT_EQ(get(in("a/b/c.txt")), "");
  const std::string large(3'000'000, 'x');
  EXPECT_THAT(run("write_file", {{"path", "large"}, {"content", large}}),
              HasSubstr("(3000000 bytes)"));
  EXPECT_EQ(get(in("large")), large);
}

TEST_F(WriteFile, StaysInside) {
  std::filesystem::create_symlink("..", in("up"));
  for (const char* path : {"../n.txt", "up/n.txt", "/n.txt", "a/../../n.txt"}) {
    EXPECT_THAT(run("write_file", {{"path", path}, {"content", "x"}}),
                HasSubstr("outside the workspace"))
        << path;
  }
  EXPECT_FALSE(std::filesystem::exists(top_ + "/n.txt"));
  EXPECT_THAT(run("write_file", {{"path", "."}, {"content", "x"}}), HasSubstr("is a directory"));
  EXPECT_THAT(run("write_file", {{"path", "x"}}), HasSubstr("nothing was run"));
  EXPECT_THAT(run("write_file", {{"path", "x"}, {"content", 5}}), HasSubstr("nothing was run"));
}

}  // namespace
}  // namespace oap::tools
