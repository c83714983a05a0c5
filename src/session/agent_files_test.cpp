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

/// What a misspelt restriction takes away would stay.
TEST(AgentFile, RestrictionsThatWouldNotCountAreRefused) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"disallowedTool: Bash",
       "a.md:3: disallowedTool: no key of an agent (did you mean "
       "'disallowedTools'?)"},
      {"disallowed-tools: Bash", "did you mean 'disallowedTools'?"},
      {"Permission: {bash: deny}", "did you mean 'permission'?"},
      {"tool: Read", "did you mean 'tools'?"},
      {"allowed-tools: Read", "no key of an agent"},
      {"denied: Bash", "what it may not do is said by"},
      {"permission: {bash: Deny}", "a.md:3: bash: 'Deny' is not allow, ask or deny; write deny"},
      {"permission: {bash: no}", "'no' is not allow, ask or deny"},
      {"permission: {bash: {\"*\": dny}}", "write deny"},
      {"permission: {bash: [deny]}", "bash: expected allow, ask or deny"},
      {"permission: {bash: false}", "bash: expected allow, ask or deny"},
      {"permission: Deny", "permission: 'Deny'"},
      {"permission: {bsh: deny}", "did you mean 'bash'?"},
      {"permission: {wbfetch: deny}", "did you mean 'webfetch'?"},
      {"disallowedTools: Bsh", "did you mean 'bash'?"},
      {"disallowedTools: [Read, Wrte]", "did you mean 'write'?"},
      {"tools: {bsh: false}", "did you mean 'bash'?"},
      {"tools: {bash: no}", "bash: expected true or false"},
      {"tools: {bash: \"false\"}", "bash: expected true or false"}};
  for (const auto& [head, why] : rows) {
    const auto agent = parse_agent("---\ndescription: d\n" + head + "\n---\nx", "a", "a.md");
    ASSERT_FALSE(agent) << head;
    EXPECT_THAT(agent.error().message(), ::testing::HasSubstr(why)) << head;
  }
  for (const char* before : {"\n", "\n\n", " \n"}) {
    EXPECT_FALSE(
        parse_agent(std::string(before) + "---\npermission: {bash: deny}\n---\nx", "a", "a.md"));
  }
}

TEST(AgentFile, KeysOfBothHostsGoOnWorking) {
  const auto agent = parse_agent(
      "---\ndescription: d\nmode: all\nvariant: high\ntop_p: 0.5\nhidden: true\ncolor: blue\n"
      "reasoningEffort: high\ntextVerbosity: low\nskills: [a]\nmcpServers: [b]\nmemory: user\n"
      "background: true\neffort: high\nisolation: worktree\nhooks: {}\noptions: {a: 1}\n"
      "version: 1.0.0\nauthor: me\ntags: [x]\ncategory: y\nlicense: MIT\nexamples: []\n"
      "permission:\n  \"*\": allow\n  external_directory: ask\n  doom_loop: ask\n  question: deny\n"
      "  mymcp_*: deny\n  bash: {\"*\": ask, \"git status*\": allow}\n"
      "disallowedTools: WebFetch, NotebookEdit, mcp__x__y, Task(Explore)\n---\nx",
      "a", "a.md");
  EXPECT_TRUE(agent) << agent.error().to_string();
  const auto none = parse_agent("---\ntools: []\n---\nx", "a", "a.md");
  ASSERT_TRUE(none);
  EXPECT_THAT(none->tools, ::testing::Optional(SizeIs(0)));
  EXPECT_FALSE(parse_agent("---\ntools:\n---\nx", "a", "a.md")->tools);
  EXPECT_TRUE(parse_agent("Text\n---\nmore", "a", "a.md"));
  const auto deny = parse_agent("---\npermission: deny\n---\nx", "a", "a.md");
  ASSERT_TRUE(deny);
  EXPECT_THAT(deny->disallowed_tools, ElementsAre("*"));
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
  EXPECT_TRUE(listing.refused.contains("bad"));
  EXPECT_TRUE(listing.refused.contains("link"));
  write("w/.opencode/agents/x.md", "---\nname: worker\nmode: x\n---\nb");
  write("user/agents/worker.md", "everything");
  EXPECT_TRUE(find_agents(sources).refused.contains("worker"));
  EXPECT_EQ(find_agents(sources).find("worker"), nullptr) << "a user's for a project's";
  sources.trusted = false;
  EXPECT_EQ(find_agents(sources).find("one")->prompt, "user");
  fs::remove_all(root);
}

}  // namespace
}  // namespace oap::session
