#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;

class Glob : public testing::ServedTools {
 protected:
  void SetUp() override {
    for (const char* path : {"a.cpp", "a.hpp", "src/b.cpp", "src/deep/c.cpp", ".git/x.cpp",
                             "node_modules/m/y.cpp", "src/node_modules/z.cpp", ".config/k.cpp"}) {
      put(in(path), "");
    }
    std::filesystem::create_directory_symlink("..", in("up"));
    std::filesystem::create_symlink("a.cpp", in("link.cpp"));
  }
};

struct GlobCase {
  std::string pattern;
  std::string path;
  std::string expected;
};

TEST_F(Glob, FindsFilesByTheirPath) {
  const std::vector<GlobCase> cases = {
      {"*.cpp", ".", "a.cpp\nlink.cpp"},
      {"./*.hpp", ".", "a.hpp"},
      {"**/*.cpp", ".", ".config/k.cpp\na.cpp\nlink.cpp\nsrc/b.cpp\nsrc/deep/c.cpp"},
      {"src/**", ".", "src/b.cpp\nsrc/deep/c.cpp"},
      {"*.{hpp,cpp}", "src", "src/b.cpp"},
      {"**/c.cpp", "src/", "src/deep/c.cpp"},
      {".git/**", ".", ".git/x.cpp"},
      {"**/node_modules/**", ".", "node_modules/m/y.cpp\nsrc/node_modules/z.cpp"},
      {"@/src/*.cpp", ".", "src/b.cpp"},
      {"src", ".", "no file matches src"},
      {"*.rs", ".", "no file matches *.rs"},
      {"/etc/*", ".",
       "tool error: the pattern /etc/* is outside the workspace; write it relative "
       "to the workspace"},
  };
  for (const GlobCase& each : cases) {
    std::string pattern = each.pattern;
    if (pattern.starts_with('@')) {
      pattern = workspace_ + pattern.substr(1);
    }
    EXPECT_EQ(run("glob", {{"pattern", pattern}, {"path", each.path}}), each.expected)
        << each.pattern;
  }
}

TEST_F(Glob, NeverLooksOutside) {
  EXPECT_THAT(run("glob", {{"pattern", "*"}, {"path", "up"}}), HasSubstr("outside the workspace"));
  EXPECT_EQ(run("glob", {{"pattern", "**/secret.txt"}}), "no file matches **/secret.txt");
  EXPECT_EQ(run("glob", {{"pattern", "../*"}}), "no file matches ../*");
  EXPECT_THAT(run("glob", {{"pattern", "[a"}}), HasSubstr("tool error"));
}

TEST_F(Glob, CutsVeryLongLists) {
  for (int i = 0; i < 2100; ++i) {
    put(in("many/" + std::to_string(i)), "");
  }
  EXPECT_THAT(run("glob", {{"pattern", "many/*"}}), HasSubstr("[the first 2000 files"));
}

}  // namespace
}  // namespace oap::tools
