#include "workflow/definition/reader.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"
#include "workflow/definition/blueprint.hpp"
#include "yaml/testing/case_file.hpp"

namespace oap::workflow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFolder = std::string(OAP_SOURCE_DIR) + "/src/workflow/definition/cases/";

/// Everything that is wrong, as `oap workflow lint` would print it.
std::string lint(const std::string& text) {
  return to_text(check_workflow(text, "w.yaml", nullptr).problems);
}

/// The file with what is printed now.
void update(const std::string& path) {
  std::ifstream in(path);
  std::string out;
  for (std::string line; std::getline(in, line) && !line.starts_with("=== ");) {
    out += line + "\n";
  }
  for (const auto& each : yaml::testing::read_cases(path)) {
    const std::string printed = lint(each.text);
    out += "=== " + each.name + "\n" + each.text.substr(0, each.text.find_last_not_of('\n') + 1);
    out += each.text.empty() ? "" : "\n";
    for (const std::string_view line : text::split_lines(printed)) {
      const bool first = line.starts_with("w.yaml");
      out += first ? ">>> " + std::string(line) + "\n" : "";
    }
    out += printed.empty() ? ">>> ok\n\n" : "\n";
  }
  std::ofstream(path) << out;
}

/// Each expected line is a part of one printed line; "ok" alone: nothing is printed.
TEST(ReaderTest, LintTable) {
  if (std::getenv("OAP_UPDATE_CASES") != nullptr) {
    update(kFolder + "workflow_lint.case");
  }
  int count = 0;
  for (const auto& each : yaml::testing::read_cases(kFolder + "workflow_lint.case")) {
    SCOPED_TRACE(fmt::format("workflow_lint.case:{} {}", each.line, each.name));
    ++count;
    const std::string printed = lint(each.text);
    if (each.expected == std::vector<std::string>{"ok"}) {
      EXPECT_THAT(printed, IsEmpty());
      continue;
    }
    EXPECT_FALSE(each.expected.empty());
    for (const std::string& line : each.expected) {
      EXPECT_THAT(printed, HasSubstr(line));
    }
    const auto lines = std::count(printed.begin(), printed.end(), '\n');
    EXPECT_GE(lines, static_cast<std::ptrdiff_t>(each.expected.size())) << printed;
  }
  EXPECT_GE(count, 150);
}

TEST(ReaderTest, ReadTable) {
  int count = 0;
  for (const auto& each : yaml::testing::read_cases(kFolder + "workflow_read.case")) {
    SCOPED_TRACE(fmt::format("workflow_read.case:{} {}", each.line, each.name));
    ++count;
    const Reading reading = read_workflow(each.text, "w.yaml");
    EXPECT_TRUE(reading.ok()) << to_text(reading.problems);
    ASSERT_EQ(each.expected.size(), 1U);
    const auto wanted = json::parse(each.expected.front());
    ASSERT_TRUE(wanted) << wanted.error().message();
    EXPECT_EQ(json::canonical(to_json(reading.definition)), json::canonical(*wanted));
    const auto again = definition_from_json(to_json(reading.definition));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(content_hash(*again), content_hash(reading.definition));
  }
  EXPECT_GE(count, 30);
}

}  // namespace
}  // namespace oap::workflow
