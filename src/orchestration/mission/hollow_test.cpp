#include "orchestration/mission/hollow.hpp"

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "orchestration/mission/test_summary.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

std::optional<std::string> file(const std::string& path) {
  static const std::map<std::string, std::string> kFiles = {
      {"idle.sh", "#!/bin/sh\n# checks everything\nset -e\nexit 0\n"},
      {"/work/sub/idle.sh", ":\n"},
      {"./idle.sh", "#!/bin/sh\ntrue\n"},
      {"talk.sh", "echo hello\n"},
      {"run_tests.sh", "echo all tests pass\nexit 0\n"},
      {"real.sh", "echo testing\npytest -q\n"},
      {"Makefile",
       ".PHONY: idle\nall: work\nidle:\n\t@true\n\nneeds: work\n\ttrue\nwork:\n\tcc a.c\n"},
      {"package.json", R"({"scripts": {"test": "exit 0", "work": "jest"}})"}};
  const auto found = kFiles.find(path);
  return found == kFiles.end() ? std::nullopt : std::optional(found->second);
}

std::string unfolded(std::string_view text) {
  std::string out = text::replace_all(text, "␤", "\n");
  out = text::replace_all(out, "␉", "\t");
  return text::replace_all(out, "␛", "\x1b");
}

TEST(Hollow, Table) {
  std::ifstream table(OAP_SOURCE_DIR "/src/orchestration/cases/hollow.case");
  ASSERT_TRUE(table.is_open());
  std::string line;
  int rows = 0;
  for (int number = 1; std::getline(table, line); ++number) {
    const std::size_t first = line.find(" | ");
    const std::size_t last = line.rfind(" | ");
    if (number == 1 || first == std::string::npos) {
      continue;
    }
    ++rows;
    const std::string command = unfolded(line.substr(0, first));
    const std::string output =
        first == last ? "" : unfolded(line.substr(first + 3, last - first - 3));
    const std::string why = why_hollow(command, output, "/work", file);
    EXPECT_EQ(why.empty() ? "real" : "hollow", line.substr(last + 3))
        << "hollow.case:" << number << ": " << command << ": " << why;
  }
  EXPECT_GE(rows, 75);
}

TEST(Hollow, TheReasonIsNamed) {
  EXPECT_EQ(why_hollow("pytest", "no tests ran in 0.01s", "/work", file), "no test ran");
  EXPECT_EQ(why_hollow("make idle", "", "/work", file), "`make idle` runs nothing that could fail");
  EXPECT_EQ(why_hollow("cd / && pytest", "", "/work", file), "it works outside of the workspace");
}

TEST(HollowProperty, AnyOutputIsRead) {
  EXPECT_TRUE(rc::check([](const std::string& output) {
    RC_ASSERT(ran_no_test(output) == ran_no_test(output + "\n\n"));
    RC_ASSERT(!ran_no_test(output + "\n3 passed in 0.1s\n"));
  }));
  EXPECT_TRUE(rc::check([] {
    const auto piece = rc::gen::element<std::string>(
        "Ran", "0", "tests", "passed", "ok", "OK", "(", "skipped=", "1..0", "\n", " in ", "make",
        "99999999999999999999", "\x1b[", "\x1b", "of", "out", "run");
    std::string output;
    for (const std::string& one : *rc::gen::container<std::vector<std::string>>(piece)) {
      output += one + " ";
    }
    RC_ASSERT(why_hollow("make test", output, "/work", file).find('\n') == std::string::npos);
  }));
}

}  // namespace
}  // namespace oap::orchestration
