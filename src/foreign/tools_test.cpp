#include "foreign/tools.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace oap::foreign {
namespace {

constexpr Host kHosts[] = {Host::kClaudeCode, Host::kCodex, Host::kGemini, Host::kGoose,
                           Host::kCrush};

TEST(ForeignTools, EveryRowSaysOneThing) {
  for (const Host host : kHosts) {
    std::set<std::string_view> names;
    EXPECT_FALSE(tools_of(host).empty());
    for (const Tool& tool : tools_of(host)) {
      EXPECT_TRUE(names.insert(tool.theirs).second) << tool.theirs;
      EXPECT_EQ(find_tool(host, tool.theirs), &tool);
      EXPECT_TRUE(tool.kind != Tool::Kind::kCall || !tool.ours.empty()) << tool.theirs;
      std::set<std::string_view> theirs;
      for (const Argument& argument : tool.arguments) {
        EXPECT_EQ(argument.theirs.empty(), argument.ours.empty()) << tool.theirs;
        EXPECT_TRUE(argument.theirs.empty() || theirs.insert(argument.theirs).second);
      }
    }
  }
}

TEST(ForeignTools, OursAreShownAsTheFirstOfTheirs) {
  const auto shown = [](std::string_view ours) {
    const Tool* const tool = tool_for(Host::kClaudeCode, ours);
    return tool == nullptr ? std::string_view() : tool->theirs;
  };
  EXPECT_EQ(shown("bash"), "Bash");
  EXPECT_EQ(shown("read_file"), "Read");
  EXPECT_EQ(shown("edit_file"), "Edit");
  EXPECT_EQ(shown("write_file"), "Write");
  EXPECT_EQ(shown("grep"), "Grep");
  EXPECT_EQ(shown("delegate_task"), "Agent");
  EXPECT_EQ(shown("todo"), "TodoWrite");
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(find_tool(Host::kClaudeCode, ""), nullptr);
  EXPECT_EQ(find_tool(Host::kClaudeCode, "bash"), nullptr);
}

}  // namespace
}  // namespace oap::foreign
