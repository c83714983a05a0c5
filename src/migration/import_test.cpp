#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "migration/claude_code.hpp"
#include "migration/in_place.hpp"
#include "migration/plan.hpp"
#include "migration/validate.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::migration {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A tree with its contents and links, to be compared with what it was.
std::map<std::string, std::string> picture(const std::string& root) {
  std::map<std::string, std::string> out;
  for (const auto& one : fs::recursive_directory_iterator(root)) {
    const std::string name = one.path().string().substr(root.size());
    out[name] = one.is_symlink()        ? "-> " + fs::read_symlink(one.path()).string()
                : one.is_regular_file() ? text_of(one.path())
                                        : "";
  }
  return out;
}

class ClaudeCode : public ::testing::Test {
 protected:
  ClaudeCode() {
    fs::create_directories(dir_ / "s/.claude");
    fs::create_directories(dir_ / "t");
  }
  void write(const std::string& name, std::string_view text) { dir_.write("s/" + name, text); }
  Report run(bool dry_run = false) {
    ClaudeImport options;
    options.source = dir_ / "s";
    options.target = target_;
    options.places.user_dir = dir_ / "home/.claude";
    options.places.managed_dir = dir_ / "etc";
    options.dry_run = dry_run;
    return import_claude_code(options);
  }
  Report take_back() {
    Report report;
    report.host = "claude-code";
    undo(target_, false, report);
    return report;
  }
  std::string made(const std::string& name) { return text_of(target_ + "/" + name); }
  std::string rules() { return made(".opencode/permissions.yaml"); }

  os::testing::TempDir dir_;
  std::string target_ = dir_ / "t";
};

TEST_F(ClaudeCode, TheSeedsExample) {
  write(".claude/settings.json", R"j({"system_prompt": "You are a helpful coding assistant",
    "tools": {"bash": {"enabled": true}, "python": {"enabled": true}}})j");
  write(".claude/skills/test_skill.md", "# Test Skill\nThis is a test skill.");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(report.components, Contains("settings"));
  EXPECT_THAT(report.components, Contains("skills"));
  EXPECT_THAT(made("AGENTS.md"), HasSubstr("You are a helpful coding assistant"));
  EXPECT_THAT(made(".opencode/mcp-servers.yaml"), HasSubstr(R"j(["bash","python","file_ops"])j"));
  EXPECT_THAT(made(".opencode/skills/test_skill/SKILL.md"),
              AllOf(HasSubstr("name: \"test_skill\""), HasSubstr("description: \"Test Skill\""),
                    HasSubstr("This is a test skill.")));
  EXPECT_EQ(fs::read_symlink(target_ + "/.claude/skills"), "../.opencode/skills");
  EXPECT_THAT(report.warnings, Contains(HasSubstr("system_prompt")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("tools is no key")));
  const Validation valid = validate(target_);
  EXPECT_TRUE(valid.valid) << to_text(valid);
}

TEST_F(ClaudeCode, ASecondRunChangesNothingAndUndoRestores) {
  write(".claude/settings.json",
        R"j({"permissions": {"allow": ["Bash(npm *)"], "deny": ["Read(.env)"]},
    "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "x"}]}]}})j");
  write("CLAUDE.md", "See @docs/a.md\n");
  write("docs/a.md", "imported\n");
  write(".claude/skills/one/SKILL.md", "---\nname: one\ndescription: d\n---\nbody\n");
  write(".claude/skills/one/run.sh", "#!/bin/sh\n");
  write(".claude/commands/a/b.md", "do $ARGUMENTS\n");
  write(".claude/agents/r.md", "---\nname: r\ndescription: d\n---\nprompt\n");
  write(".mcp.json",
        R"j({"mcpServers": {"files": {"command": "npx", "args": ["x", "${HOME}"]}}})j");
  dir_.write("t/mine.txt", "mine");
  const auto before = picture(target_);
  ASSERT_EQ(run(true).status(), "success");
  EXPECT_EQ(picture(target_), before);
  const Report first = run();
  ASSERT_EQ(first.status(), "success") << to_text(first);
  EXPECT_THAT(first.components,
              UnorderedElementsAre("settings", "permissions", "hooks", "rules", "skills",
                                   "commands", "agents", "mcp_servers"));
  EXPECT_THAT(made("AGENTS.md"), HasSubstr("See imported\n"));
  const auto after = picture(target_);
  const Report second = run();
  EXPECT_FALSE(second.changed()) << to_text(second);
  EXPECT_EQ(picture(target_), after);
  const Validation valid = validate(target_);
  EXPECT_TRUE(valid.valid) << to_text(valid);
  EXPECT_EQ(take_back().status(), "success");
  EXPECT_EQ(picture(target_), before);
}

TEST_F(ClaudeCode, InPlaceASecondRunIsByteEqualToo) {
  target_ = dir_ / "s";
  write("CLAUDE.md", "See @AGENTS.md and @docs/a.md.\n");
  write("docs/a.md", "imported\n");
  write(".claude/skills/one.md", "text\n");
  const auto before = picture(target_);
  const Report first = run();
  EXPECT_EQ(first.status(), "success") << to_text(first);
  const auto after = picture(target_);
  const Report second = run();
  EXPECT_EQ(picture(target_), after) << to_text(second);
  EXPECT_FALSE(second.changed()) << to_text(second);
  EXPECT_FALSE(fs::is_symlink(target_ + "/.claude/skills"));
  take_back();
  EXPECT_EQ(picture(target_), before);
}

TEST_F(ClaudeCode, WhatItDidNotWriteStays) {
  write("CLAUDE.md", "theirs\n");
  write(".claude/settings.json", R"j({"permissions": {"deny": ["Bash(rm *)"]}})j");
  dir_.write("t/AGENTS.md", "mine\n");
  dir_.write("t/.opencode/permissions.yaml", "permissions: []\n");
  dir_.write("t/CLAUDE.md", "mine too\n");
  const auto before = picture(target_);
  const Report report = run();
  EXPECT_EQ(report.status(), "partial");
  EXPECT_THAT(report.errors, Contains(HasSubstr("AGENTS.md: exists already")));
  EXPECT_THAT(report.errors, Contains(HasSubstr("permissions.yaml: exists already")));
  EXPECT_EQ(made("AGENTS.md"), "mine\n");
  EXPECT_EQ(made("CLAUDE.md"), "mine too\n");
  EXPECT_EQ(rules(), "permissions: []\n");
  take_back();
  EXPECT_EQ(picture(target_), before);
}

TEST_F(ClaudeCode, WhatAPersonChangedStaysAndWhatIsGoneGoes) {
  write("CLAUDE.md", "one\n");
  write(".claude/commands/a.md", "a\n");
  ASSERT_EQ(run().status(), "success");
  dir_.write("t/AGENTS.md", "changed\n");
  fs::remove(dir_ / "s/.claude/commands/a.md");
  const Report report = run();
  EXPECT_EQ(made("AGENTS.md"), "changed\n");
  EXPECT_THAT(report.warnings, Contains(HasSubstr("AGENTS.md: was changed")));
  EXPECT_FALSE(fs::exists(target_ + "/.opencode/commands"));
  EXPECT_THAT(take_back().warnings, Contains(HasSubstr("AGENTS.md: was changed")));
  EXPECT_EQ(made("AGENTS.md"), "changed\n");
  EXPECT_FALSE(fs::exists(target_ + "/.opencode"));
}

TEST_F(ClaudeCode, OwnRulesOutsideTheMarksStay) {
  write(".claude/settings.json", R"j({"permissions": {"deny": ["Bash(rm *)"]}})j");
  ASSERT_EQ(run().status(), "success");
  dir_.write("t/.opencode/permissions.yaml", rules() + "  - {program: make, level: allow}\n");
  write(".claude/settings.json", R"j({"permissions": {"deny": ["Bash(dd *)"]}})j");
  ASSERT_EQ(run().status(), "success");
  EXPECT_THAT(rules(), AllOf(HasSubstr("dd *"), Not(HasSubstr("\"rm *\"")), HasSubstr("make")));
  take_back();
  EXPECT_THAT(rules(), AllOf(Not(HasSubstr("dd *")), HasSubstr("make")));
}

TEST_F(ClaudeCode, AllLayersCount) {
  write(".claude/settings.json",
        R"j({"permissions": {"allow": ["Bash(one *)"]}, "model": "claude-p"})j");
  write(".claude/settings.local.json",
        R"j({"permissions": {"ask": ["Bash(two *)"]}, "model": "claude-l"})j");
  dir_.write("home/.claude/settings.json",
             R"j({"permissions": {"deny": ["Read(/x)"]}, "theme": "dark"})j");
  dir_.write("etc/managed-settings.json", R"j({"permissions": {"deny": ["Bash(four *)"]}})j");
  dir_.write("etc/managed-settings.d/10.json", R"j({"claudeMd": "managed text"})j");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(rules(), AllOf(HasSubstr("one *"), HasSubstr("two *"), HasSubstr("~/.claude/x/**"),
                             HasSubstr("four *")));
  EXPECT_THAT(made(".opencode/config.yaml"), HasSubstr("anthropic/claude-l"));
  EXPECT_THAT(made("AGENTS.md"), HasSubstr("managed text"));
  ASSERT_EQ(report.not_carried.size(), 1U) << to_text(report);
  EXPECT_EQ(report.not_carried[0].key, "theme");
  EXPECT_THAT(report.not_carried[0].where, HasSubstr("settings.json:1"));
}

TEST_F(ClaudeCode, ManagedRulesMayBeTheOnlyOnes) {
  dir_.write(
      "etc/managed-settings.json",
      R"j({"allowManagedPermissionRulesOnly": true, "permissions": {"deny": ["Bash(a *)"]}})j");
  write(".claude/settings.json", R"j({"permissions": {"allow": ["Bash(b *)"]}})j");
  run();
  EXPECT_THAT(rules(), AllOf(HasSubstr("a *"), Not(HasSubstr("b *"))));
}

TEST_F(ClaudeCode, BrokenSettingsFailBeforeAnythingIsWritten) {
  const std::string deep(200, '[');
  for (const std::string& text :
       {std::string("{"), std::string(R"j({"a": 1, "a": 2})j"), R"j({"a": )j" + deep + "}",
        std::string("{\"a\": \"\xff\"}"), std::string(R"j({"permissions": {"deny": "Bash"}})j"),
        std::string(R"j({"permissions": {"deny": [1]}})j"), std::string(R"j({"permissions": []})j"),
        std::string("[]"), std::string(R"j({"hooks": 1})j"), std::string(R"j({"a": 1} x)j")}) {
    write(".claude/settings.json", text);
    const Report report = run();
    EXPECT_EQ(report.status(), "failed") << text;
    EXPECT_THAT(report.errors, Contains(HasSubstr(".claude/settings.json"))) << text;
    EXPECT_THAT(picture(target_), IsEmpty());
  }
}

TEST_F(ClaudeCode, UnusualKeysAreNamed) {
  write(
      ".claude/settings.json",
      R"j({"__proto__": {"x": 1}, "constructor": 1, "hooks": {"toString": [], "Later": []}, "env": {"A": "secret"}})j");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  std::vector<std::string> keys;
  for (const NotCarried& one : report.not_carried) {
    keys.push_back(one.key);
  }
  EXPECT_THAT(keys, UnorderedElementsAre("__proto__", "constructor"));
  EXPECT_THAT(made(".opencode/hooks/claude-code.json"), HasSubstr("\"A\": \"secret\""));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("hooks.toString")));
  EXPECT_THAT(to_text(report), Not(HasSubstr("secret")));
}

TEST_F(ClaudeCode, ImportsOfClaudeMd) {
  write("CLAUDE.md",
        "<!-- hidden -->\nA @a.md\n`@b.md` and ``@b.md``\n```\n@b.md\n```\nmail me@b.md @nobody\n"
        "@../outside.md\n@/etc/passwd\n@~/x.md\n@missing.md\n@loop.md\n@l1.md\n");
  write("a.md", "a text");
  write("b.md", "b text");
  write("loop.md", "round @sub/back.md");
  write("sub/back.md", "and @../loop.md");
  for (int i = 1; i < 7; ++i) {
    write("l" + std::to_string(i) + ".md",
          "level" + std::to_string(i) + " @l" + std::to_string(i + 1) + ".md");
  }
  const Report report = run();
  EXPECT_EQ(report.status(), "partial");
  const std::string text = made("AGENTS.md");
  EXPECT_THAT(text, AllOf(HasSubstr("A a text\n"), HasSubstr("`@b.md` and ``@b.md``"),
                          Not(HasSubstr("b text")), Not(HasSubstr("hidden")),
                          HasSubstr("round and @../loop.md"), HasSubstr("@../outside.md"),
                          HasSubstr("@nobody"), HasSubstr("level4 @l5.md")));
  EXPECT_THAT(report.errors,
              UnorderedElementsAre(HasSubstr("CLAUDE.md:8: @../outside.md: leads outside"),
                                   HasSubstr("@/etc/passwd: leads outside"),
                                   HasSubstr("sub/back.md:1: @../loop.md: imports itself")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("@~/x.md")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("@missing.md: there is no such file")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("more than 4 imports deep")));
}

TEST_F(ClaudeCode, RulesOfTheProject) {
  write(".claude/rules/a.md", "---\npaths: [\"src/**\"]\n---\nbe kind\n");
  write(".claude/rules/sub/b.md", "be brief\n");
  write(".claude/CLAUDE.md", "inner\n");
  write("CLAUDE.local.md", "private\n");
  const Report report = run();
  EXPECT_THAT(made("AGENTS.md"),
              AllOf(HasSubstr("match [\"src/**\"]"), HasSubstr("be kind"), HasSubstr("be brief"),
                    HasSubstr("inner"), HasSubstr("private")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("CLAUDE.local.md")));
}

TEST_F(ClaudeCode, ClaudeMdThatIsAgentsMd) {
  target_ = dir_ / "s";
  write("AGENTS.md", "mine\n");
  fs::create_symlink("AGENTS.md", dir_ / "s/CLAUDE.md");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_EQ(made("AGENTS.md"), "mine\n");
}

TEST_F(ClaudeCode, LinksThatLeaveTheSource) {
  dir_.write("out/secret.md", "secret");
  fs::create_directories(dir_ / "s/.claude/skills/k");
  write(".claude/skills/good/SKILL.md", "---\nname: good\ndescription: d\n---\n");
  fs::create_symlink("../../../../out/secret.md", dir_ / "s/.claude/skills/k/SKILL.md");
  fs::create_symlink(dir_ / "out", dir_ / "s/.claude/commands");
  fs::create_symlink("loop", dir_ / "s/.claude/agents");
  fs::create_symlink("agents", dir_ / "s/.claude/loop");
  fs::create_symlink(dir_ / "out/secret.md", dir_ / "s/CLAUDE.md");
  fs::create_symlink("..", dir_ / "s/.claude/skills/good/up");
  ASSERT_EQ(::mkfifo((dir_ / "s/.mcp.json").c_str(), 0600), 0);
  const Report report = run();
  EXPECT_EQ(report.status(), "partial");
  for (const char* name : {".claude/skills/k/SKILL.md", ".claude/commands", ".claude/agents",
                           "CLAUDE.md", ".mcp.json", ".claude/skills/good/up"}) {
    EXPECT_THAT(report.errors, Contains(HasSubstr(name))) << to_text(report);
  }
  for (const auto& [path, text] : picture(target_)) {
    EXPECT_THAT(text, Not(HasSubstr("secret"))) << path;
  }
  EXPECT_TRUE(fs::exists(target_ + "/.opencode/skills/good/SKILL.md"));
}

TEST_F(ClaudeCode, LinksInsideTheSourceBecomeCopies) {
  write("shared/x/SKILL.md", "---\nname: x\ndescription: d\n---\n");
  fs::create_directories(dir_ / "s/.claude/skills");
  fs::create_symlink("../../shared/x", dir_ / "s/.claude/skills/x");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_FALSE(fs::is_symlink(target_ + "/.opencode/skills/x"));
  EXPECT_TRUE(fs::exists(target_ + "/.opencode/skills/x/SKILL.md"));
}

TEST_F(ClaudeCode, SettingsBehindALinkThatLeaves) {
  dir_.write("out/settings.json", R"j({"permissions": {"allow": ["Bash"]}})j");
  fs::create_symlink(dir_ / "out/settings.json", dir_ / "s/.claude/settings.json");
  EXPECT_EQ(run().status(), "failed");
  EXPECT_THAT(picture(target_), IsEmpty());
}

TEST_F(ClaudeCode, NothingIsWrittenThroughLinksOfTheTarget) {
  write("CLAUDE.md", "x\n");
  write(".claude/skills/k/SKILL.md", "---\nname: k\ndescription: d\n---\n");
  fs::create_directories(dir_ / "out");
  fs::create_symlink(dir_ / "out/agents", target_ + "/AGENTS.md");
  fs::create_directories(target_ + "/.opencode");
  fs::create_symlink(dir_ / "out", target_ + "/.opencode/skills");
  fs::create_symlink(dir_ / "out", target_ + "/.claude");
  const Report report = run();
  EXPECT_THAT(report.errors, Contains(HasSubstr("AGENTS.md: is a symbolic link")));
  EXPECT_THAT(report.errors, Contains(HasSubstr("skills is a symbolic link")));
  EXPECT_THAT(picture(dir_ / "out"), IsEmpty());
}

TEST_F(ClaudeCode, ADirectoryOfOursThatIsALink) {
  write("CLAUDE.md", "x\n");
  fs::create_directories(dir_ / "out");
  fs::create_symlink(dir_ / "out", target_ + "/.opencode");
  const Report report = run();
  EXPECT_EQ(report.status(), "failed");
  EXPECT_THAT(report.errors, Contains(HasSubstr(".opencode is a symbolic link")));
  EXPECT_THAT(picture(dir_ / "out"), IsEmpty());
  EXPECT_EQ(take_back().status(), "failed");
}

TEST_F(ClaudeCode, AForgedManifestIsNotBelieved) {
  write("CLAUDE.md", "x\n");
  dir_.write("t/src/main.c", "x");
  for (const char* path : {"src/main.c", "../out", "/etc/passwd", ".opencode/../src/main.c"}) {
    dir_.write(
        "t/.opencode/migration.json",
        std::string(R"j({"version":1,"files":{")j") + path +
            R"j(":{"sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","hosts":["claude-code"]}}})j");
    EXPECT_EQ(run().status(), "failed") << path;
    EXPECT_EQ(take_back().status(), "failed") << path;
    EXPECT_EQ(made("src/main.c"), "x");
  }
}

TEST_F(ClaudeCode, FilesThatAreTooLarge) {
  write("CLAUDE.md", std::string((1U << 20U) + 1, 'x'));
  write(".claude/skills/k/SKILL.md", "---\nname: k\ndescription: d\n---\n");
  write(".claude/skills/k/big", std::string((16U << 20U) + 1, 'x'));
  const Report report = run();
  EXPECT_THAT(report.errors, Contains(HasSubstr("CLAUDE.md has 1048577 bytes")));
  EXPECT_THAT(report.errors, Contains(HasSubstr(".claude/skills/k/big has")));
}

TEST_F(ClaudeCode, TextThatIsNoUtf8) {
  write("CLAUDE.md", "\xff\xfe");
  write(".claude/skills/k/SKILL.md", "\xff");
  write(".claude/commands/c.md", "\xff");
  write(".claude/commands/ok.md", "ok");
  const Report report = run();
  EXPECT_EQ(report.errors.size(), 3U) << to_text(report);
  EXPECT_TRUE(fs::exists(target_ + "/.opencode/commands/ok.md"));
}

TEST_F(ClaudeCode, NothingThere) {
  const Report report = run();
  EXPECT_EQ(report.status(), "failed");
  EXPECT_THAT(report.errors, ElementsAre(HasSubstr("nothing of Claude Code")));
}

TEST_F(ClaudeCode, TheSandboxKeepsWhatTightens) {
  write(".claude/settings.json", R"j({"sandbox": {"enabled": true, "failIfUnavailable": true,
    "autoAllowBashIfSandboxed": true, "excludedCommands": ["docker"],
    "network": {"allowedDomains": ["github.com", "*.npmjs.org", "bad host"]},
    "filesystem": {"denyRead": ["~/.aws"], "denyWrite": ["/etc"], "allowWrite": ["/"]}}})j");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(made(".opencode/config.yaml"),
              AllOf(HasSubstr(R"j(allowed_hosts: ["github.com","*.npmjs.org"])j"),
                    HasSubstr(R"j(require: ["fs"])j")));
  EXPECT_THAT(rules(), AllOf(HasSubstr(R"j("pattern":"~/.aws/**","level":"deny")j"),
                             HasSubstr(R"j("pattern":"/etc/**","level":"deny")j")));
  EXPECT_EQ(report.not_carried.size(), 4U) << to_text(report);
  EXPECT_TRUE(validate(target_).valid) << to_text(validate(target_));
}

TEST_F(ClaudeCode, VariablesThatAreNotSetDoNotStopTheRest) {
  write(".mcp.json", R"j({"mcpServers": {
    "a": {"command": "${NO_SUCH_VARIABLE}/x"},
    "b": {"type": "http", "url": "https://b.example/mcp", "headers": {"Authorization": "Bearer ${NO_SUCH_VARIABLE}"}},
    "c": {"command": "c", "args": ["${NO_SUCH_VARIABLE:-d}", "$5"], "env": {"K": "${NO_SUCH_VARIABLE}"}}}})j");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  ASSERT_EQ(report.not_carried.size(), 1U);
  EXPECT_EQ(report.not_carried[0].key, "mcpServers.a");
  EXPECT_THAT(made(".opencode/mcp-servers.yaml"),
              AllOf(HasSubstr("Bearer ${NO_SUCH_VARIABLE:-}"), HasSubstr("\"$$5\"")));
  EXPECT_TRUE(validate(target_).valid) << to_text(validate(target_));
}

TEST_F(ClaudeCode, ServersThatTheSettingsDoNotLetStart) {
  write(".mcp.json", R"j({"mcpServers": {"bad": {"command": "x"}, "good": {"command": "y"}}})j");
  write(".claude/settings.json", R"j({"deniedMcpServers": [{"serverName": "bad"}]})j");
  const Report report = run();
  EXPECT_THAT(made(".opencode/mcp-servers.yaml"), HasSubstr("good"));
  EXPECT_THAT(made(".opencode/mcp-servers.yaml"), Not(HasSubstr("bad")));
  EXPECT_THAT(to_text(report), HasSubstr("mcpServers.bad (.mcp.json): the settings deny it"));
  EXPECT_THAT(rules(), HasSubstr("mcp__bad"));
}

TEST_F(ClaudeCode, InPlaceTheRestIsDeniedWhereNobodyIsAsked) {
  write(".claude/settings.json",
        R"j({"permissions": {"defaultMode": "dontAsk", "allow": ["Bash(make)"]}})j");
  const auto strict = rules_in_place(dir_ / "s");
  ASSERT_TRUE(strict);
  EXPECT_TRUE(strict->asks_nobody);
  write(".claude/settings.json", R"j({"permissions": {"allow": ["Bash(make)"]}})j");
  EXPECT_FALSE(rules_in_place(dir_ / "s")->asks_nobody);
}

TEST_F(ClaudeCode, SettingsOfWhichNothingHasACounterpart) {
  write(".mcp.json", R"j({"mcpServers": {"a": {"command": "${NO_SUCH_VARIABLE}/x"}}})j");
  const Report report = run();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_EQ(report.not_carried.size(), 1U);
}

TEST(SkillHead, KeepsWhatIsThere) {
  EXPECT_EQ(with_block("", "a", "  - x\n"),
            with_block(with_block("", "a", "  - y\n"), "a", "  - x\n"));
  EXPECT_TRUE(is_bare(without_block(with_block("", "a", "  - x\n"), "a")));
}

}  // namespace
}  // namespace oap::migration
