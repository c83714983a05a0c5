#include "skills/source.hpp"

#include <gmock/gmock.h>

#include "skills/tool_scope.hpp"

namespace oap::skills {
namespace {

const std::string kBase = "https://github.com";

std::string parsed(std::string_view text) {
  const auto source = parse_source(text, kBase, "/home/u");
  return source
             ? fmt::format("{}|{}|{}|{}", source->url, source->ref, source->folder, source->skill)
             : "refused";
}

TEST(Source, Forms) {
  EXPECT_EQ(parsed("owner/repo"), "https://github.com/owner/repo.git|||");
  EXPECT_EQ(parsed("owner/repo@pdf"), "https://github.com/owner/repo.git|||pdf");
  EXPECT_EQ(parsed("owner/repo/skills/pdf#v1"), "https://github.com/owner/repo.git|v1|skills/pdf|");
  EXPECT_EQ(parsed("https://github.com/o/r/tree/main/skills/x"),
            "https://github.com/o/r|main|skills/x|");
  EXPECT_EQ(parsed("https://gitlab.com/o/r/-/tree/main/x"), "https://gitlab.com/o/r|main|x|");
  EXPECT_EQ(parsed("git@host:o/r.git"), "ssh://git@host/o/r.git|||");
  EXPECT_EQ(parsed("~/skills"), "/home/u/skills|||");
  EXPECT_EQ(parsed("./x"), "./x|||");
}

TEST(Source, HostileOnesAreRefused) {
  for (const char* text :
       {"", "-u/repo", "--upload-pack=x", "owner", "owner/..", "owner/repo/../../x", "a/b@c/d",
        "http://example.org/o/r", "https://user:pw@host/o/r", "ext::sh -c x", "a/b#--option",
        "a/b#x y", "ftp://x/y", "javascript://x", "a\xE2\x80\xAE/b", "o/r\nx", "a b/c",
        "https://host/o/r/tree/-x/y", "https://host/o/r/tree/m/../../y"}) {
    EXPECT_EQ(parsed(text), "refused") << text;
  }
}

TEST(Source, OnlyTheExactCommandIsAnAcquisition) {
  for (const char* yes : {"npx skills add o/r", "npx -y skills@latest add o/r --skill x",
                          "npx skills add o/r -y -a claude-code"}) {
    const auto add = parse_add_command(yes);
    ASSERT_TRUE(add) << yes;
    EXPECT_EQ(add->source, "o/r");
  }
  EXPECT_EQ(parse_add_command("npx skills add o/r --skill x")->skill, "x");
  for (const char* no :
       {"npx skills add", "npx skills add o/r; rm -rf x", "npx skills add $X", "npx other add o/r",
        "npx skills add o/r > f", "X=1 npx skills add o/r", "npx skills add o/r && true",
        "npx skills add `id`", "npx skills add o/r p/q", "npx skills add o/r --registry x",
        "sudo npx skills add o/r", "npx --registry=http://x skills add o/r",
        "echo npx skills add"}) {
    EXPECT_FALSE(parse_add_command(no)) << no;
  }
}

TEST(Source, OnlyTheExactCommandIsASearch) {
  EXPECT_EQ(parse_find_command("npx skills find pdf forms"), "pdf forms");
  EXPECT_EQ(parse_find_command("npx -y skills@1 search 'a b'"), "a b");
  EXPECT_EQ(parse_find_command("npx skills find"), "");
  for (const char* no :
       {"npx skills find x | sh", "npx skills find $X", "npx skills find --url=x y",
        "npx skills add o/r", "npx other find x", "npx skills find x; id", "npx skills find x > y",
        "skills find x", "npx skills"}) {
    EXPECT_FALSE(parse_find_command(no)) << no;
  }
}

TEST(Source, TrustedOnesAreNamedExactly) {
  const auto trusted = [](std::string_view text, std::vector<std::string> names) {
    return is_trusted_source(*parse_source(text, kBase, "/h"), names, kBase);
  };
  EXPECT_TRUE(trusted("Vercel-Labs/agent-skills", {"vercel-labs/agent-skills"}));
  EXPECT_TRUE(trusted("https://github.com/o/r.git", {"o/r"}));
  EXPECT_TRUE(trusted("o/any", {"o/*"}));
  EXPECT_TRUE(trusted("o/r/folder@x", {"https://github.com/o/r"}));
  EXPECT_FALSE(trusted("o/r2", {"o/r"}));
  EXPECT_FALSE(trusted("https://evil.example/o/r", {"o/r", "o/*"}));
  EXPECT_FALSE(trusted("o/r", {"*", "*/*", ""}));
  EXPECT_FALSE(trusted("/o/r", {"o/r"}));
  EXPECT_FALSE(trusted("ssh://git@github.com/o/r", {"o/r"}));
}

std::string refused(const ToolScope& scope, std::string tool, std::string command = "") {
  ToolCall call;
  call.server = kBuiltinServer;
  call.tool = std::move(tool);
  if (!command.empty()) {
    call.arguments["command"] = command;
  }
  return scope.refusal(call);
}

TEST(Scope, OnlyTakesAway) {
  const ToolScope scope({"Read", "Grep", "Bash(git log *)", "Bash(npm test:*)"}, {});
  EXPECT_EQ(refused(scope, "read_file"), "");
  EXPECT_NE(refused(scope, "write_file"), "");
  EXPECT_EQ(refused(scope, "bash", "git log -3"), "");
  EXPECT_EQ(refused(scope, "bash", "git log"), "");
  EXPECT_EQ(refused(scope, "run_command", "npm test -- x && git log -1"), "");
  for (const char* no : {"git push", "git log -3; rm x", "git log > f", "X=1 git log",
                         "git log $(id)", "git logx", "eval 'git log'", "git log | sh"}) {
    EXPECT_NE(refused(scope, "bash", no), "") << no;
  }
  const ToolScope less({}, {"Bash(git push *)", "WebFetch", "python"});
  EXPECT_EQ(refused(less, "bash", "git status"), "");
  EXPECT_NE(refused(less, "bash", "git push origin"), "");
  EXPECT_NE(refused(less, "python"), "");
  EXPECT_TRUE(ToolScope({}, {}).allows_all());
  const ToolScope server({"mcp__github__*", "files"}, {});
  EXPECT_TRUE(server.offers("github__search"));
  EXPECT_TRUE(server.offers("files__read"));
  EXPECT_FALSE(server.offers("bash"));
}

}  // namespace
}  // namespace oap::skills
