#include "workflow/state.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::workflow {
namespace {

using Table = std::map<std::pair<std::string, std::string>, std::string>;

Table read_table(const std::string& name) {
  const std::string text =
      os::read_file(std::string(OAP_SOURCE_DIR) + "/src/workflow/cases/" + name).value();
  Table table;
  for (const std::string_view line : text::split_lines(text)) {
    const auto words = text::split_words(line);
    if (words.size() == 3 && !line.starts_with('#')) {
      table[{std::string(words[0]), std::string(words[1])}] = std::string(words[2]);
    }
  }
  return table;
}

template <class State, class Event>
void expect_table(const std::string& name, State last_state, Event last_event) {
  Table table = read_table(name);
  EXPECT_FALSE(table.empty());
  for (int s = 0; s <= static_cast<int>(last_state); ++s) {
    for (int e = 0; e <= static_cast<int>(last_event); ++e) {
      const auto state = static_cast<State>(s);
      const auto event = static_cast<Event>(e);
      const std::pair key(std::string(to_string(state)), std::string(to_string(event)));
      const auto found = next(state, event);
      const std::string expected = table.contains(key) ? table.extract(key).mapped() : "-";
      EXPECT_EQ(found ? std::string(to_string(*found)) : "-", expected)
          << key.first << " " << key.second;
    }
  }
  EXPECT_TRUE(table.empty()) << "unknown: " << table.begin()->first.first;
}

TEST(StateTest, TheTableOfSteps) {
  expect_table("step_state.case", StepState::kUnknown, StepEvent::kLose);
}

TEST(StateTest, TheTableOfRuns) {
  expect_table("run_state.case", RunState::kCancelled, RunEvent::kCancel);
}

}  // namespace
}  // namespace oap::workflow
