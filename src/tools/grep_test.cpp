#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;

class Grep : public testing::ServedTools {
 protected:
  void SetUp() override {
    put(in("a.txt"), "one\ntwo\nthree\nfour\nfive two\r\nsix\n");
    put(in("src/b.cpp"), "int two = 2;\n// TWO\n");
    put(in(".git/c"), "two\n");
    put(in("bin"), std::string("two\0", 4));
    std::filesystem::create_symlink("../secret.txt", in("out"));
  }
};

TEST_F(Grep, FindsLines) {
  EXPECT_EQ(run("grep", {{"pattern", "two"}}),
            "a.txt:2:two\na.txt:5:five two\nsrc/b.cpp:1:int two = 2;");
  EXPECT_EQ(run("grep", {{"pattern", "^TWO$"}, {"ignore_case", true}}), "a.txt:2:two");
  EXPECT_EQ(run("grep", {{"pattern", "two"}, {"glob", "*.cpp"}}), "src/b.cpp:1:int two = 2;");
  EXPECT_EQ(run("grep", {{"pattern", "two"}, {"path", "src"}}), "src/b.cpp:1:int two = 2;");
  EXPECT_EQ(run("grep", {{"pattern", "six"}, {"path", "a.txt"}}), "a.txt:6:six");
  EXPECT_EQ(run("grep", {{"pattern", "absent"}}), "no matches");
  EXPECT_EQ(run("grep", {{"pattern", "outside"}}), "no matches");
  EXPECT_EQ(run("grep", {{"pattern", "two"}, {"glob", ".git/*"}}), ".git/c:1:two");
}

TEST_F(Grep, ShowsContextWithoutRepeatingLines) {
  EXPECT_EQ(run("grep", {{"pattern", "two"}, {"path", "a.txt"}, {"context", 1}}),
            "a.txt-1-one\na.txt:2:two\na.txt-3-three\na.txt-4-four\na.txt:5:five two\na.txt-6-six");
  EXPECT_EQ(run("grep", {{"pattern", "one|six"}, {"path", "a.txt"}, {"context", 1}}),
            "a.txt:1:one\na.txt-2-two\n--\na.txt-5-five two\na.txt:6:six");
}

TEST_F(Grep, RefusesBadPatternsAndWhatIsOutside) {
  EXPECT_THAT(run("grep", {{"pattern", "("}}), HasSubstr("tool error"));
  EXPECT_THAT(run("grep", {{"pattern", "(?=x)"}}), HasSubstr("tool error"));
  EXPECT_THAT(run("grep", {{"pattern", "x"}, {"path", ".."}}), HasSubstr("outside the workspace"));
  EXPECT_THAT(run("grep", {{"pattern", "x"}, {"path", "out"}}), HasSubstr("outside the workspace"));
  EXPECT_THAT(run("grep", {{"pattern", "x"}, {"context", 99}}), HasSubstr("nothing was run"));
}

TEST_F(Grep, BoundsItsOutput) {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "match " + std::string(5000, 'x') + "\n";
  }
  put(in("large"), text);
  const std::string found = run("grep", {{"pattern", "match"}, {"path", "large"}});
  EXPECT_LT(found.size(), 200'000U);
  EXPECT_THAT(found, HasSubstr("[stopped after"));
  EXPECT_THAT(found, HasSubstr(" […]"));
}

}  // namespace
}  // namespace oap::tools
