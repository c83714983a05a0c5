#include "tools/exclusion.hpp"

#include <chrono>

#include <fmt/format.h>

#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Exclude : public testing::ServedTools {
 protected:
  void SetUp() override {
    for (const char* path : {".env", "a.txt", "src/.env", "src/b.txt", "secrets/deep/c.txt"}) {
      put(in(path), "word\n");
    }
  }
  std::string grep(json::Array exclude, const std::string& path = ".") {
    return run("grep", {{"pattern", "word"}, {"path", path}, {"exclude", std::move(exclude)}});
  }
  std::string glob(json::Array exclude, const std::string& path = ".") {
    return run("glob", {{"pattern", "**"}, {"path", path}, {"exclude", std::move(exclude)}});
  }
  std::string list(json::Array exclude, const std::string& path = ".") {
    return run("list_dir", {{"path", path}, {"exclude", std::move(exclude)}});
  }
};

struct Row {
  std::string exclude;  ///< `@` at the front stands for the workspace
  std::string found;
};

TEST_F(Exclude, GlobLeavesOutWhatMatches) {
  const std::vector<Row> rows = {
      {".env", "a.txt\nsecrets/deep/c.txt\nsrc/b.txt\n[2 entries left out by policy]"},
      {"**/.env", "a.txt\nsecrets/deep/c.txt\nsrc/b.txt\n[2 entries left out by policy]"},
      {"./.e*", "a.txt\nsecrets/deep/c.txt\nsrc/b.txt\n[2 entries left out by policy]"},
      {"src/.env", ".env\na.txt\nsecrets/deep/c.txt\nsrc/b.txt\n[1 entries left out by policy]"},
      {"src/*", ".env\na.txt\nsecrets/deep/c.txt\n[2 entries left out by policy]"},
      {"secrets/**", ".env\na.txt\nsrc/.env\nsrc/b.txt\n[1 entries left out by policy]"},
      {"secrets/", ".env\na.txt\nsrc/.env\nsrc/b.txt\n[1 entries left out by policy]"},
      {"deep", ".env\na.txt\nsrc/.env\nsrc/b.txt\n[1 entries left out by policy]"},
      {"s**t", ".env\na.txt\nsrc/.env\n[2 entries left out by policy]"},
      {"**", "no file matches **\n[4 entries left out by policy]"},
      {"@/src/**", ".env\na.txt\nsecrets/deep/c.txt\n[1 entries left out by policy]"},
      {"@/*.txt", ".env\nsecrets/deep/c.txt\nsrc/.env\nsrc/b.txt\n[1 entries left out by policy]"},
      {"/src/**", ".env\na.txt\nsecrets/deep/c.txt\nsrc/.env\nsrc/b.txt"},
      {"absent", ".env\na.txt\nsecrets/deep/c.txt\nsrc/.env\nsrc/b.txt"},
  };
  for (const Row& row : rows) {
    const bool absolute = row.exclude.starts_with('@');
    EXPECT_EQ(glob({absolute ? workspace_ + row.exclude.substr(1) : row.exclude}), row.found)
        << row.exclude;
  }
}

TEST_F(Exclude, GrepLeavesOutWhatMatches) {
  EXPECT_EQ(grep({".env", "secrets/**"}),
            "a.txt:1:word\nsrc/b.txt:1:word\n[3 entries left out by policy]");
  EXPECT_EQ(grep({".env"}, "src"), "src/b.txt:1:word\n[1 entries left out by policy]");
  EXPECT_EQ(grep({"src/b.txt"}, "src"), "src/.env:1:word\n[1 entries left out by policy]");
  EXPECT_EQ(grep({".env"}, "a.txt"), "a.txt:1:word");
}

TEST_F(Exclude, ListDirLeavesOutWhatMatches) {
  EXPECT_EQ(list({".env", "secrets/**"}), "a.txt\nsrc/\n[2 entries left out by policy]");
  EXPECT_EQ(list({"src/*"}, "src"), "src is empty\n[2 entries left out by policy]");
  std::filesystem::create_symlink(".env", in("alias"));
  std::filesystem::create_symlink("../src/.env", in("src/link"));
  EXPECT_EQ(list({"src/.env"}, "src"), "b.txt\n[2 entries left out by policy]");
  std::filesystem::create_symlink("../a.txt", in("secrets/key"));
  std::filesystem::create_symlink("secrets/key", in("alias2"));
  EXPECT_EQ(list({".env", "secrets"}), "a.txt\nsrc/\n[4 entries left out by policy]");
}

TEST_F(Exclude, APathThatIsLeftOutIsAnError) {
  std::filesystem::create_symlink(".env", in("alias"));
  std::filesystem::create_directory_symlink("secrets/deep", in("door"));
  for (const std::string path : {".env", "./src/../.env", "alias", "src/.env", "missing/.env"}) {
    EXPECT_THAT(grep({".env"}, path), HasSubstr("tool error: " + path + " is left out by policy"));
  }
  EXPECT_THAT(grep({workspace_ + "/.env"}, ".env"), HasSubstr("left out by policy"));
  EXPECT_THAT(grep({".env"}, workspace_ + "/.env"), HasSubstr("left out by policy"));
  for (const std::string path : {"secrets", "secrets/deep", "secrets/deep/", "door"}) {
    EXPECT_THAT(grep({"secrets/**"}, path), HasSubstr("is left out by policy")) << path;
    EXPECT_THAT(glob({"secrets/**"}, path), HasSubstr("is left out by policy")) << path;
    EXPECT_THAT(list({"secrets/**"}, path), HasSubstr("is left out by policy")) << path;
  }
  EXPECT_EQ(glob({"secrets/deep/c.*"}, "door"),
            "no file matches **\n[1 entries left out by policy]");
  EXPECT_THAT(grep({".env"}, ".envv"), Not(HasSubstr("did you mean")));
}

TEST_F(Exclude, NamesABadPattern) {
  EXPECT_THAT(grep({"ok", "[bad"}), HasSubstr("tool error: the pattern '[bad' in exclude"));
  EXPECT_THAT(glob({"{bad"}), HasSubstr("tool error: the pattern '{bad' in exclude"));
  EXPECT_THAT(list({"bad\\"}), HasSubstr("tool error: the pattern 'bad\\' in exclude"));
  EXPECT_THAT(list({""}), HasSubstr("tool error"));
  EXPECT_THAT(list({1}), HasSubstr("nothing was run"));
  EXPECT_THAT(list(json::Array(4097, "x")), HasSubstr("nothing was run"));
}

TEST_F(Exclude, StaysQuickWithManyPatternsAndFiles) {
  for (int i = 0; i < 4000; ++i) {
    put(in(fmt::format("tree/{}/file{}.txt", i % 40, i)), "x\n");
  }
  json::Array exclude;
  for (int i = 0; i < 250; ++i) {
    exclude.emplace_back(fmt::format("hidden{}", i));
    exclude.emplace_back(fmt::format("**/key{}*.pem", i));
    exclude.emplace_back(fmt::format("**/private{}/**", i));
    exclude.emplace_back(fmt::format("{}/other{}/**/*.key", workspace_, i));
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(grep(exclude), HasSubstr("a.txt:1:word"));
  EXPECT_THAT(glob(exclude), HasSubstr("tree/0/file0.txt"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace oap::tools
