#include "session/agent_files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace oap::session {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(AgentFile, OpenCodesWords) {
  const auto agent = parse_agent(
      "---\ndescription: Writes documents\nmode: subagent\nmodel: openai/gpt-4.1\n"
      "temperature: 0.2\nsteps: 12\ntools:\n  write: false\n  bash: true\n"
      "permission:\n  edit: deny\n  bash:\n    \"*\": ask\n  webfetch: deny\ncolor: "
      "red\n---\nWrite.\n",
      "scribe", "scribe.md");
  ASSERT_TRUE(agent) << agent.error().to_string();
  EXPECT_EQ(agent->name, "scribe");
  EXPECT_EQ(agent->model, "openai/gpt-4.1");
  EXPECT_EQ(agent->temperature, 0.2);
  EXPECT_EQ(agent->max_turns, 12);
  EXPECT_FALSE(agent->tools);
  EXPECT_THAT(agent->disallowed_tools, ElementsAre("write"));
  EXPECT_FALSE(agent->may_edit);
  EXPECT_TRUE(agent->may_run);
  EXPECT_EQ(agent->network, false);
  EXPECT_THAT(agent->remarks, SizeIs(1));
  EXPECT_EQ(agent->prompt, "Write.\n");
}

TEST(AgentFile, ClaudeCodesWords) {
  const auto agent = parse_agent(
      "---\nname: code-reviewer\ndescription: Reviews\ntools: Read, Grep, Bash(git diff *)\n"
      "disallowedTools: Write\nmodel: inherit\nmaxTurns: 5\npermissionMode: plan\n---\nReview.",
      "file-name", "x.md");
  ASSERT_TRUE(agent) << agent.error().to_string();
  EXPECT_EQ(agent->name, "code-reviewer");
  EXPECT_EQ(agent->model, "");
  EXPECT_THAT(*agent->tools, ElementsAre("Read", "Grep", "Bash(git diff *)"));
  EXPECT_THAT(agent->disallowed_tools, ElementsAre("Write"));
  EXPECT_EQ(agent->max_turns, 5);
}

TEST(AgentFile, FaultsAreNamed) {
  for (const char* head :
       {"name: ../x", "mode: king", "temperature: 9", "temperature: warm", "maxTurns: 0",
        "tools: {write: maybe}", "tools: 5", "permission: [a]", "description: [a]", "model: 5"}) {
    EXPECT_FALSE(parse_agent(std::string("---\n") + head + "\n---\nbody", "a", "a.md")) << head;
  }
  EXPECT_FALSE(parse_agent("---\ndescription: d\n---\n", "a", "a.md")) << "no prompt";
  EXPECT_FALSE(parse_agent("---\na: [\n---\nx", "a", "a.md"));
}

TEST(AgentFile, WhatIsNotUtf8IsRefusedByName) {
  for (const std::string text : {"\xff\xfeR\0e\0", "---\ndescription: \xff\n---\nbody", "a\xc3"}) {
    const auto agent = parse_agent(text, "a", "dir/a.md");
    ASSERT_FALSE(agent);
    EXPECT_THAT(agent.error().message(), ::testing::HasSubstr("dir/a.md: not UTF-8"));
  }
}

TEST(AgentFile, ToolsThatAreNoneAreNamed) {
  const auto with = [](const std::string& tools) {
    return parse_agent("---\ntools: " + tools + "\n---\nbody", "a", "a.md");
  };
  const auto agent = with("Nosuch, Read, mcp__web__get, web__*, Bash(git *), write_file");
  ASSERT_TRUE(agent) << agent.error().to_string();
  ASSERT_THAT(agent->remarks, SizeIs(1));
  EXPECT_THAT(agent->remarks[0], ::testing::HasSubstr("'Nosuch' is no tool here"));
  for (const char* open : {"Nosuch, Bash(", "Bash(git", "[\"Bash(\"]"}) {
    const auto refused = with(open);
    ASSERT_FALSE(refused) << open;
    EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("'Bash("));
  }
}

TEST(AgentFiles, ProjectHidesUserAndNeedsTrust) {
  std::string pattern = ::testing::TempDir() + "oap-agents-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const fs::path root = pattern;
  const auto write = [&](const std::string& path, std::string_view text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  write("w/.opencode/agents/one.md", "project");
  write("w/.claude/agents/deep/two.md", "---\nname: two\n---\nclaude");
  write("user/agents/one.md", "user");
  write("user/agents/off.md", "---\ndisable: true\n---\nx");
  write("w/.opencode/agents/bad.md", "---\nmode: x\n---\nb");
  fs::create_symlink(root / "user/agents/one.md", root / "w/.opencode/agents/link.md");
  AgentSources sources{(root / "w").string(), (root / "w/.opencode").string(),
                       (root / "user").string(), (root / "home").string(), true};
  const AgentListing listing = find_agents(sources);
  ASSERT_THAT(listing.agents, SizeIs(2));
  EXPECT_EQ(listing.find("one")->prompt, "project");
  EXPECT_EQ(listing.find("two")->prompt, "claude");
  EXPECT_THAT(listing.problems, SizeIs(2));
  sources.trusted = false;
  EXPECT_EQ(find_agents(sources).find("one")->prompt, "user");
  fs::remove_all(root);
}

}  // namespace
}  // namespace oap::session
