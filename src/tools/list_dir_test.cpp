#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using ListDir = testing::ServedTools;

TEST_F(ListDir, NamesFilesDirectoriesAndLinks) {
  EXPECT_EQ(run("list_dir", json::Object{}), ". is empty");
  put(in("b.txt"), "");
  put(in(".hidden"), "");
  put(in("sub/c"), "");
  put(in("new\nline"), "");
  std::filesystem::create_symlink("../secret.txt", in("out"));
  EXPECT_EQ(run("list_dir", json::Object{}),
            ".hidden\nb.txt\nnew\\x0aline\nout -> ../secret.txt\nsub/");
  EXPECT_EQ(run("list_dir", {{"path", "sub"}}), "c");
  EXPECT_EQ(run("list_dir", {{"path", workspace_ + "/sub/"}}), "c");
}

TEST_F(ListDir, RefusesFilesAndWhatIsOutside) {
  put(in("f"), "");
  std::filesystem::create_directory_symlink("..", in("up"));
  EXPECT_THAT(run("list_dir", {{"path", "f"}}), HasSubstr("is not a directory"));
  EXPECT_THAT(run("list_dir", {{"path", ".."}}), HasSubstr("outside the workspace"));
  EXPECT_THAT(run("list_dir", {{"path", "up"}}), HasSubstr("outside the workspace"));
  EXPECT_THAT(run("list_dir", {{"path", "absent"}}), HasSubstr("there is no"));
}

TEST_F(ListDir, CutsVeryLongLists) {
  for (int i = 0; i < 2100; ++i) {
    put(in("d/" + std::to_string(i)), "");
  }
  EXPECT_THAT(run("list_dir", {{"path", "d"}}), HasSubstr("[2000 of 2100 entries shown"));
}

}  // namespace
}  // namespace oap::tools
