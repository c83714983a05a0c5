#include "tools/edit.hpp"

#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "text/strings.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;

std::string unescaped(std::string_view text) {
  std::string out = text::replace_all(text, "\\n", "\n");
  out = text::replace_all(out, "\\r", "\r");
  return text::replace_all(out, "\\t", "\t");
}

using Case = std::map<std::string, std::string>;

std::vector<Case> read_cases() {
  std::ifstream file(OAP_SOURCE_DIR "/src/tools/cases/edit.case");
  std::vector<Case> cases(1);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) {
      continue;
    }
    if (line.empty()) {
      cases.emplace_back();
      continue;
    }
    const std::string key = line.substr(0, line.find(' '));
    cases.back()[key] = line.size() > 7 ? unescaped(std::string_view(line).substr(7)) : "";
  }
  std::erase_if(cases, [](const Case& each) { return each.empty(); });
  return cases;
}

TEST(Edit, DoesWhatTheTableSays) {
  const auto cases = read_cases();
  ASSERT_GT(cases.size(), 12U);
  for (Case each : cases) {
    const auto done = edit(each["text"], each["old"], each["new"], each.contains("all"));
    if (each.contains("error")) {
      ASSERT_FALSE(done) << each["text"];
      EXPECT_THAT(done.error().message(), HasSubstr(each["error"]));
    } else {
      ASSERT_TRUE(done) << done.error().message();
      EXPECT_EQ(done->text, each["result"]);
    }
  }
}

TEST(Edit, AnEmptyOldStringIsRefused) { EXPECT_FALSE(edit("abc", "", "x", true)); }

TEST(Edit, LargeFilesWithoutAMatchAreAnsweredInTime) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) {
    text += "some line of the file number " + std::to_string(i) + "\n";
  }
  const auto done = edit(text, "some line of the file nomber 7\nand more", "x", false);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("8: some line of the file number 7"));
}

TEST(Edit, BytesThatAreNoTextSurvive) {
  const std::string text = "\xff\xfe one \x80";
  const auto done = edit(text, "one", "two", false);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->text, "\xff\xfe two \x80");
}

}  // namespace
}  // namespace oap::tools
