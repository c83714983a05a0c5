#include "orchestration/mission/shows.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

std::string_view name_of(Shows shows) {
  return shows == Shows::kRun ? "run" : shows == Shows::kLook ? "look" : "nothing";
}

TEST(Shows, Table) {
  std::ifstream file(OAP_SOURCE_DIR "/src/orchestration/cases/shows.case");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int rows = 0;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t arrow = line.rfind(" => ");
    if (number == 1 || arrow == std::string::npos) {
      continue;
    }
    ++rows;
    const std::string command = text::replace_all(line.substr(0, arrow), "␤", "\n");
    EXPECT_EQ(name_of(what_success_shows(command)), line.substr(arrow + 4))
        << "shows.case:" << number << ": " << command;
    EXPECT_EQ(why_nothing(command).empty(), what_success_shows(command) != Shows::kNothing);
  }
  EXPECT_GE(rows, 140);
}

TEST(Shows, WhyNothingNamesTheReason) {
  EXPECT_TRUE(text::contains(why_nothing("pytest | tail"), "pipefail"));
  EXPECT_TRUE(text::contains(why_nothing("pytest || true"), "||"));
  EXPECT_TRUE(text::contains(why_nothing("pytest; true"), "&&"));
  EXPECT_TRUE(text::contains(why_nothing("pytest &"), "background"));
}

TEST(ShowsProperty, ATailThatHidesShowsNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto piece = rc::gen::element<std::string>(
        "pytest", "make", "(", ")", "'", "\"", "&&", "||", "|", ";", "\n", "&", "$(", "`", "<<E",
        "!", "if", "a.txt", "test -f", " ", "\\", "#", "{", "}");
    std::string command;
    for (const std::string& one : *rc::gen::container<std::vector<std::string>>(piece)) {
      command += one + " ";
    }
    [[maybe_unused]] const Shows any = what_success_shows(command);
    RC_ASSERT(what_success_shows("( pytest ) || true") == Shows::kNothing);
    RC_ASSERT(what_success_shows(std::string(20'000, '(') + command) == Shows::kNothing);
  }));
}

}  // namespace
}  // namespace oap::orchestration
