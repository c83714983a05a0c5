#include "config/mcp_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/load.hpp"
#include "config/trust.hpp"
#include "json/print.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class McpJson : public ::testing::Test {
 protected:
  McpJson() {
    options_.paths.workspace = dir_ / "w";
    options_.paths.project_dir = dir_ / "w/.opencode";
    options_.paths.state_root = dir_ / "state";
    options_.env = [](std::string_view name) -> std::optional<std::string> {
      return name == "TOKEN" ? std::optional<std::string>("s3cr3t-token") : std::nullopt;
    };
    options_.trust = true;
  }
  void theirs(std::string_view text) { dir_.write("w/.mcp.json", text); }
  void ours(std::string_view name, std::string_view text) {
    dir_.write("w/.opencode/" + std::string(name), text);
  }
  Config loaded() {
    const Loaded all = load_all(options_);
    EXPECT_THAT(all.problems, IsEmpty())
        << (all.problems.empty() ? "" : all.problems[0].to_string());
    return all.config;
  }
  std::string problem() {
    const Loaded all = load_all(options_);
    EXPECT_THAT(all.problems, SizeIs(1));
    return all.problems.empty() ? "" : all.problems[0].to_string();
  }

  os::testing::TempDir dir_;
  LoadOptions options_;
};

TEST_F(McpJson, ServersOfAllTypesAreReadAndExpanded) {
  theirs(R"({"mcpServers": {
    "a": {"type": "stdio", "command": "npx", "args": ["-y", "it", "${UNSET:-fall}"],
          "env": {"T": "${TOKEN}", "P": "a$$b$c"}},
    "b": {"type": "http", "url": "https://b.example/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
    "c": {"type": "sse", "url": "https://c.example/sse"},
    "d": {"command": "x"}}})");
  const Config config = loaded();
  ASSERT_THAT(config.mcp_servers, SizeIs(4));
  EXPECT_THAT(config.mcp_servers.at("a").command, ElementsAre("npx", "-y", "it", "fall"));
  EXPECT_EQ(config.mcp_servers.at("a").env.at("T"), "s3cr3t-token");
  EXPECT_EQ(config.mcp_servers.at("a").env.at("P"), "a$$b$c");
  EXPECT_EQ(config.mcp_servers.at("b").type, ServerType::kRemote);
  EXPECT_EQ(config.mcp_servers.at("b").headers.at("Authorization"), "Bearer s3cr3t-token");
  EXPECT_EQ(config.mcp_servers.at("c").type, ServerType::kRemote);
  EXPECT_EQ(config.mcp_servers.at("a").origin, dir_ / "w/.mcp.json:2");
  EXPECT_THAT(config.secrets, Contains("s3cr3t-token"));
  EXPECT_THAT(config.files, ElementsAre(dir_ / "w/.mcp.json"));
}

TEST_F(McpJson, OurOwnEntryOfTheNameWins) {
  theirs(R"({"mcpServers": {"a": {"command": "theirs", "env": {"X": "1"}}}})");
  ours("mcp-servers.yaml", "mcp_servers:\n  a:\n    command: [ours]\n");
  const Config config = loaded();
  EXPECT_THAT(config.mcp_servers.at("a").command, ElementsAre("ours"));
  EXPECT_THAT(config.mcp_servers.at("a").env, IsEmpty());
  EXPECT_THAT(config.warnings, Contains(HasSubstr("mcp-servers.yaml:2 has one of that name")));
}

TEST_F(McpJson, WhatOnlyTheOtherProgramKnowsIsAWarning) {
  theirs(
      "{\"mcpServers\": {\n\"a\": {\"command\": \"x\",\n \"alwaysAllow\": []},\n"
      "\"my server\": {\"command\": \"x\"}},\n\"other\": 1}");
  const Config config = loaded();
  EXPECT_THAT(config.mcp_servers, SizeIs(1));
  EXPECT_THAT(config.warnings, Contains(HasSubstr(".mcp.json:3: mcpServers.a.alwaysAllow")));
  EXPECT_THAT(config.warnings, Contains(HasSubstr(".mcp.json:4: mcpServers.my server: is left")));
  EXPECT_THAT(config.warnings, Contains(HasSubstr(".mcp.json:5: other")));
}

TEST_F(McpJson, AnUnsetVariableLeavesThatServerOut) {
  theirs(
      R"({"mcpServers": {"a": {"command": "x", "env": {"K": "${UNSET}"}}, "b": {"command": "y"}}})");
  const Config config = loaded();
  EXPECT_THAT(config.mcp_servers, SizeIs(1));
  EXPECT_THAT(config.warnings, Contains(HasSubstr("the server a is left out")));
  EXPECT_THAT(config.warnings, Contains(HasSubstr("UNSET")));
}

TEST_F(McpJson, FaultsNameTheirLine) {
  theirs("{\"mcpServers\": {\n  \"a\": {\"command\": \"x\",}}}");
  EXPECT_THAT(problem(), HasSubstr(".mcp.json:2: is not JSON"));
  theirs("{\"mcpServers\": {\n  \"a\": {\n\"command\": 5}}}");
  EXPECT_THAT(problem(), HasSubstr(".mcp.json:3: mcp_servers.a.command: expected"));
  theirs("{\"mcpServers\": {\n  \"a\": {\n\"type\": \"carrier-pigeon\"}}}");
  EXPECT_THAT(problem(), HasSubstr(".mcp.json:3: mcpServers.a.type: expected one of"));
  theirs("{\"mcpServers\": [1]}");
  EXPECT_THAT(problem(), HasSubstr("expected a map of servers"));
  theirs("[]");
  EXPECT_THAT(problem(), HasSubstr("expected an object"));
  theirs("{\"mcpServers\": {\"a\": 1}}");
  EXPECT_THAT(problem(), HasSubstr("expected an object"));
  theirs("{\"a\": 1, \"a\": 2}");
  EXPECT_THAT(problem(), HasSubstr("is not JSON"));
}

TEST_F(McpJson, WhatBothFilesSayAlikeIsNoWarning) {
  theirs(R"({"mcpServers": {"a": {"command": "x", "args": ["$y"], "env": {"K": "${TOKEN}"}},
                            "b": {"type": "http", "url": "https://b.example/mcp"},
                            "c": {"command": "x", "args": ["other"]}}})");
  ours("mcp-servers.yaml",
       "mcp_servers:\n  a: {type: local, command: x, args: [$$y], env: {K: '${TOKEN}'}}\n"
       "  b: {url: 'https://b.example/mcp'}\n  c: {command: x, args: [one]}\n");
  const Config config = loaded();
  EXPECT_THAT(config.mcp_servers, SizeIs(3));
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("the server c is left out")));
}

TEST_F(McpJson, TheGatewayIsNoServerOfItsOwn) {
  theirs(R"({"mcpServers": {"oap": {"command": "/opt/bin/oap", "args": ["mcp", "serve", "--stdio"]},
                           "b": {"command": "oap", "args": ["mcp-server", "sandbox"]}}})");
  const Config config = loaded();
  EXPECT_THAT(config.mcp_servers, SizeIs(1));
  EXPECT_EQ(config.mcp_servers.count("oap"), 0U);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(McpJson, NothingInItIsNothing) {
  for (const char* text : {"{}", "{\"mcpServers\": {}}", "{\"mcpServers\": null}"}) {
    theirs(text);
    EXPECT_THAT(loaded().mcp_servers, IsEmpty()) << text;
  }
}

TEST_F(McpJson, ItNeedsTrustAndIsPartOfWhatIsTrusted) {
  theirs(R"({"mcpServers": {"a": {"command": "x", "env": {"K": "${TOKEN}"}}}})");
  options_.trust = false;
  const Config before = loaded();
  EXPECT_FALSE(before.trusted);
  EXPECT_THAT(before.mcp_servers, IsEmpty());
  EXPECT_THAT(before.withheld, ElementsAre(HasSubstr(".mcp.json:1: mcp_servers.a")));
  EXPECT_EQ(before.commands.at("server a"), "x (gets K)");
  ASSERT_TRUE(record_trust(options_.paths, before.digests));
  EXPECT_THAT(loaded().mcp_servers, SizeIs(1));
  theirs(R"({"mcpServers": {"a": {"command": "evil", "env": {"K": "${TOKEN}"}}}})");
  const Config after = loaded();
  EXPECT_FALSE(after.trusted);
  EXPECT_THAT(after.changed, ElementsAre("server a"));
  EXPECT_THAT(after.mcp_servers, IsEmpty());
}

TEST_F(McpJson, CompatibilityModeNoneSwitchesItOff) {
  theirs("not even JSON");
  ours("config.yaml", "platform:\n  compatibility_mode: none\n");
  EXPECT_THAT(loaded().mcp_servers, IsEmpty());
  options_.settings = {"platform.compatibility_mode=claude_code"};
  EXPECT_THAT(problem(), HasSubstr("is not JSON"));
  ours("config.yaml", "");
  options_.settings = {"platform.compatibility_mode=none"};
  EXPECT_THAT(loaded().mcp_servers, IsEmpty());
}

TEST_F(McpJson, WhatIsNoFileIsRefused) {
  dir_.write("w/.mcp.json/x", "");
  EXPECT_THAT(problem(), HasSubstr("is not a file"));
}

TEST_F(McpJson, WhatASandboxPutsInItsPlaceIsAbsent) {
  dir_.write("w/README.md", "");
  ASSERT_EQ(::mknod((dir_ / "w/.mcp.json").c_str(), S_IFSOCK, 0), 0);
  EXPECT_THAT(loaded().mcp_servers, IsEmpty());
}

}  // namespace
}  // namespace oap::config
