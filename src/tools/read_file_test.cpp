#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ReadFile = testing::ServedTools;

TEST_F(ReadFile, ReturnsTheTextExactly) {
  const std::string text = "# Title\n\n\ttab \xC3\xA9 \"q\" \\n\r\nlast line without end";
  put(in("README.md"), text);
  EXPECT_EQ(run("read_file", {{"path", "README.md"}}), text);
  EXPECT_EQ(run("read_file", {{"path", in("README.md")}}), text);
  put(in("empty"), "");
  EXPECT_EQ(run("read_file", {{"path", "empty"}}), "");
}

TEST_F(ReadFile, TakesAPartByLines) {
  put(in("n"), "1\n2\n3\n4\n5");
  EXPECT_EQ(run("read_file", {{"path", "n"}, {"offset", 2}, {"limit", 2}}), "2\n3\n");
  EXPECT_EQ(run("read_file", {{"path", "n"}, {"offset", 5}}), "5");
  EXPECT_EQ(run("read_file", {{"path", "n"}, {"limit", 1}}), "1\n");
  EXPECT_EQ(run("read_file", {{"path", "n"}, {"limit", 99}}), "1\n2\n3\n4\n5");
  EXPECT_THAT(run("read_file", {{"path", "n"}, {"offset", 6}}), HasSubstr("has only 5 lines"));
  EXPECT_THAT(run("read_file", {{"path", "n"}, {"offset", 0}}), HasSubstr("nothing was run"));
}

TEST_F(ReadFile, CutsLongFilesAtALineAndSaysHowToGoOn) {
  std::string text;
  for (int i = 1; i <= 100'000; ++i) {
    text += "line " + std::to_string(i) + "\n";
  }
  put(in("long"), text);
  const auto result = client().call("read_file", R"({"path":"long"})");
  ASSERT_TRUE(result);
  ASSERT_EQ(result->content.size(), 2U);
  const std::string first(json::get_string(result->content[0], "text"));
  const std::string note(json::get_string(result->content[1], "text"));
  EXPECT_LE(first.size(), 256U * 1024U);
  EXPECT_TRUE(text.starts_with(first));
  EXPECT_TRUE(first.ends_with("\n"));
  const auto lines = std::count(first.begin(), first.end(), '\n');
  EXPECT_THAT(note, HasSubstr("offset " + std::to_string(lines + 1)));
  const auto rest = client().call(
      "read_file", R"({"path":"long","limit":1,"offset":)" + std::to_string(lines + 1) + "}");
  EXPECT_EQ(rest->joined_text(), "line " + std::to_string(lines + 1) + "\n");

  put(in("one_line"), std::string(1'000'000, 'x'));
  EXPECT_THAT(run("read_file", {{"path", "one_line"}}), HasSubstr("is cut after"));
}

TEST_F(ReadFile, RefusesWhatIsNoTextAndWhatIsOutside) {
  put(in("binary"), std::string("ELF\0\0\0", 6));
  EXPECT_THAT(run("read_file", {{"path", "binary"}}), HasSubstr("binary file (6 bytes)"));
  EXPECT_THAT(run("read_file", {{"path", "../secret.txt"}}),
              StartsWith("tool error: ../secret.txt is outside the workspace"));
  EXPECT_THAT(run("read_file", {{"path", "absent"}}), StartsWith("tool error: there is no file"));
  EXPECT_THAT(run("read_file", {{"path", "."}}), HasSubstr("use list_dir"));
  put(in("docs/Guide.md"), "x");
  EXPECT_THAT(run("read_file", {{"path", "docs/giude.md"}}), HasSubstr("did you mean 'Guide.md'"));
  put(in("latin"), "caf\xe9\n");
  const std::string latin = run("read_file", {{"path", "latin"}});
  EXPECT_THAT(latin, StartsWith("caf\xEF\xBF\xBD\n"));
  EXPECT_THAT(latin, HasSubstr("not valid UTF-8"));
}

}  // namespace
}  // namespace oap::tools
