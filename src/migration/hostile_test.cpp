// What a stranger's repository may hold: nothing of it leads out of the target, hangs, or speaks to
// the terminal.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "migration/claude_code.hpp"
#include "migration/in_place.hpp"
#include "migration/plan.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kSettings =
    R"j({"permissions": {"deny": ["Bash(curl *)"], "allow": ["Bash(make *)"]}})j";

class Hostile : public ::testing::Test {
 protected:
  Hostile() {
    for (const char* name : {"s/.claude", "t", "out", "home/.claude"}) {
      fs::create_directories(dir_ / name);
    }
    dir_.write("out/secret.txt", "do not touch");
  }
  void write(const std::string& name, std::string_view text) { dir_.write("s/" + name, text); }
  Report run(const std::string& source = "s") {
    ClaudeImport options;
    options.source = dir_ / source;
    options.target = dir_ / "t";
    options.places.user_dir = dir_ / "home/.claude";
    return import_claude_code(options);
  }
  Report take_back() {
    Report report;
    report.host = "claude-code";
    undo(dir_ / "t", false, report);
    return report;
  }
  std::string outside() const {
    std::string names;
    for (const auto& one : fs::recursive_directory_iterator(dir_ / "out")) {
      names += one.path().filename().string() + " ";
    }
    return names + os::read_file(dir_ / "out/secret.txt").value_or("gone");
  }
  static constexpr const char* kUntouched = "secret.txt do not touch";

  os::testing::TempDir dir_;
};

TEST_F(Hostile, NothingIsFollowedOutOfTheSource) {
  write(".claude/settings.json", kSettings);
  fs::create_symlink(dir_ / "out", dir_ / "s/.claude/skills");
  fs::create_symlink(dir_ / "out/secret.txt", dir_ / "s/CLAUDE.md");
  fs::create_symlink("../../out", dir_ / "s/.claude/rules");
  fs::create_symlink("/etc/passwd", dir_ / "s/.mcp.json");
  fs::create_symlink("..", dir_ / "s/.claude/commands");
  fs::create_symlink("agents", dir_ / "s/.claude/agents");
  const Report report = run();
  for (const auto& one : fs::recursive_directory_iterator(dir_ / "t")) {
    if (one.is_regular_file()) {
      const auto text = os::read_file(one.path().string());
      EXPECT_THAT(*text, Not(HasSubstr("do not touch"))) << one.path();
      EXPECT_THAT(*text, Not(HasSubstr("root:"))) << one.path();
    }
  }
  EXPECT_EQ(report.status(), "partial") << to_text(report);
  EXPECT_EQ(outside(), kUntouched);
}

TEST_F(Hostile, WhatIsNoFileDoesNotHangIt) {
  write(".claude/settings.json", kSettings);
  fs::create_directories(dir_ / "s/.claude/rules");
  for (const char* name : {"s/CLAUDE.md", "s/.mcp.json", "s/.claude/rules/a.md"}) {
    ASSERT_EQ(::mkfifo((dir_ / name).c_str(), 0600), 0);
  }
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fs::create_directories(dir_ / "s/.claude/skills");
  const std::string place = dir_ / "s/.claude/skills/x.md";
  ASSERT_LT(place.size(), sizeof(address.sun_path));
  place.copy(address.sun_path, place.size());
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const Report report = run();
  ::close(socket);
  EXPECT_GE(report.errors.size(), 3U) << to_text(report);
  EXPECT_THAT(report.components, Contains("permissions"));
}

TEST_F(Hostile, ImportsInCirclesEnd) {
  write("CLAUDE.md", "@a.md\n@./CLAUDE.md\n");
  write("a.md", "@b.md and @c.md\n");
  write("b.md", "@a.md\n");
  write("c.md", "@d.md\n");
  write("d.md", "@e.md\n");
  write("e.md", "@f.md\n");
  write("f.md", "@CLAUDE.md deep\n");
  std::string many;
  for (int i = 0; i < 30; ++i) {
    many += "@wide.md ";
  }
  write("wide.md", many + "\n");
  const Report report = run();
  EXPECT_THAT(to_text(report), HasSubstr("circle"));
  EXPECT_LT(os::read_file(dir_ / "t/AGENTS.md")->size(), 100'000U);
}

TEST_F(Hostile, CredentialsAreNotPutIntoPrompts) {
  write("CLAUDE.md", "@.env\n@keys/server.pem\n@id_rsa\n@notes.md\n@link.md\n");
  write(".env", "TOKEN=tell-nobody");
  write("keys/server.pem", "tell-nobody");
  write("id_rsa", "tell-nobody");
  write("notes.md", "tell everybody");
  fs::create_symlink(".env", dir_ / "s/link.md");
  const Report report = run();
  const std::string text = os::read_file(dir_ / "t/AGENTS.md").value_or("");
  EXPECT_THAT(text, Not(HasSubstr("tell-nobody")));
  EXPECT_THAT(text, HasSubstr("tell everybody"));
  EXPECT_THAT(to_text(report), HasSubstr("credentials"));
  std::vector<std::string> warnings;
  const std::string expanded = expanded_in_place(dir_ / "s", dir_ / "s/CLAUDE.md", "", warnings);
  EXPECT_THAT(expanded, Not(HasSubstr("tell-nobody")));
  EXPECT_THAT(expanded, HasSubstr("tell everybody"));
  EXPECT_EQ(warnings.size(), 4U);
}

TEST_F(Hostile, TheChosenOutputStyleIsTakenOver) {
  write(".claude/settings.json", R"j({"outputStyle": "Terse Reviewer"})j");
  write(".claude/output-styles/other.md", "---\nname: Other\n---\nno\n");
  write(".claude/output-styles/terse.md", "---\nname: terse reviewer\n---\nSay little.\n");
  EXPECT_EQ(run().status(), "success");
  EXPECT_THAT(*os::read_file(dir_ / "t/AGENTS.md"), HasSubstr("Say little."));
  write(".claude/settings.json", R"j({"outputStyle": "../../../out/secret.txt"})j");
  EXPECT_THAT(to_text(run()), HasSubstr("outputStyle (.claude/settings.json:1)"));
}

TEST_F(Hostile, InPlaceNothingIsReadFromOutside) {
  write(".claude/CLAUDE.md", "inner @../../out/secret.txt @~/x @/etc/passwd\n");
  write(".claude/rules/a.md", "---\npaths: [\"src/**\"]\n---\nTwo spaces.\n");
  fs::create_symlink(dir_ / "out/secret.txt", dir_ / "s/.claude/rules/b.md");
  std::vector<std::string> warnings;
  const auto found = instructions_in_place(dir_ / "s", warnings);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].text, HasSubstr("@../../out/secret.txt"));
  EXPECT_THAT(found[1].text, HasSubstr("files that match [\"src/**\"]"));
  for (const auto& one : found) {
    EXPECT_THAT(one.text, Not(HasSubstr("do not touch")));
    EXPECT_THAT(one.text, Not(HasSubstr("root:")));
  }
  EXPECT_GE(warnings.size(), 3U);
}

TEST_F(Hostile, NamesDoNotSpeakToTheTerminal) {
  const std::string bad = "a\nb\x1b[2J\x07\xe2\x80\xae";
  write(
      ".claude/settings.json",
      R"j({"k\n\u001b[31m": 1, "env": {"X\n\u001b]0;t\u0007": "v"}, "hooks": {"E\n\u001b[1m": []},)j"
      R"j("permissions": {"allow": ["Bash(x\n\u001b[1m)", "Nope(\u001b[2J)"], "defaultMode": "\u001b[2J"}})j");
  write(".claude/skills/" + bad + "/SKILL.md", "# x\n");
  write(".claude/skills/" + bad + ".md", "# x\n");
  write(".claude/commands/" + bad + ".md", "x\n");
  write(".claude/rules/" + bad + ".md", "x @" + bad + "\n");
  write(".claude/output-styles/" + bad + ".md", "x\n");
  const Report report = run();
  const std::string text = to_text(report);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(text, Not(HasSubstr("\nb")));
}

TEST_F(Hostile, DeepAndLargeSettingsFailWhole) {
  for (const std::string& text :
       {R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}",
        "{\"a\": \"" + std::string(5U << 20U, 'x') + "\"}", std::string("\xff\xfe{}"),
        std::string("{\"permissions\": {\"deny\": [\"Bash(a)\"]}, \"permissions\": {}}")}) {
    write(".claude/settings.json", text);
    const Report report = run();
    EXPECT_EQ(report.status(), "failed");
    EXPECT_TRUE(fs::is_empty(dir_ / "t"));
    EXPECT_FALSE(rules_in_place(dir_ / "s"));
    EXPECT_TRUE(hooks_in_place(dir_ / "s").empty());
  }
}

/// The target's folder becomes a link to elsewhere, and back, all the while.
TEST_F(Hostile, ATargetThatIsSwappedWhileItIsWritten) {
  write(".claude/settings.json", kSettings);
  for (int i = 0; i < 20; ++i) {
    write(".claude/skills/s" + std::to_string(i) + "/SKILL.md", "# x\n");
  }
  std::atomic<bool> ends{false};
  std::thread swapper([&] {
    const std::string place = dir_ / "t/.opencode";
    while (!ends) {
      (void)::rename(place.c_str(), (dir_ / "t/aside").c_str());
      (void)::symlink((dir_ / "out").c_str(), place.c_str());
      (void)::unlink(place.c_str());
      (void)::rename((dir_ / "t/aside").c_str(), place.c_str());
    }
  });
  for (int i = 0; i < 30; ++i) {
    (void)run();
    (void)take_back();
  }
  ends = true;
  swapper.join();
  EXPECT_EQ(outside(), kUntouched);
}

TEST_F(Hostile, AJournalThatNamesOtherFilesIsNotBelieved) {
  write(".claude/settings.json", kSettings);
  for (const char* path :
       {"../out/secret.txt", "/etc/passwd", ".opencode/../../out/secret.txt", ".opencode//x",
        ".git/config", ".opencode/a/./b", "README.md", "", ".opencode/\\u0000x"}) {
    dir_.write("t/.opencode/migration.json",
               std::string(R"({"version":1,"files":{")") + path +
                   R"(":{"sha256":"","hosts":["claude-code"]}},"links":{},"directories":[]})");
    const Report report = take_back();
    EXPECT_TRUE(report.failed) << path;
    EXPECT_EQ(outside(), kUntouched);
  }
  for (const char* directory : {"../out", "/tmp", ".git", "", ".opencode/.."}) {
    dir_.write(
        "t/.opencode/migration.json",
        std::string(R"({"version":1,"files":{},"links":{},"directories":[")") + directory + "\"]}");
    EXPECT_TRUE(take_back().failed) << directory;
  }
  fs::remove_all(dir_ / "t/.opencode");
  fs::create_symlink(dir_ / "out", dir_ / "t/.opencode");
  dir_.write("out/migration.json", "{}");
  EXPECT_TRUE(take_back().failed);
  EXPECT_TRUE(os::exists(dir_ / "out/migration.json"));
}

TEST_F(Hostile, AJournalOfAFileThatIsALinkNowRemovesNothingElsewhere) {
  write(".claude/settings.json", kSettings);
  write("CLAUDE.md", "do not touch");
  ASSERT_EQ(run().status(), "success");
  fs::remove(dir_ / "t/AGENTS.md");
  fs::create_symlink(dir_ / "out/secret.txt", dir_ / "t/AGENTS.md");
  fs::remove_all(dir_ / "t/.opencode/permissions.yaml");
  fs::create_directories(dir_ / "t/.opencode/permissions.yaml");
  (void)take_back();
  EXPECT_EQ(outside(), kUntouched);
  EXPECT_TRUE(fs::is_symlink(dir_ / "t/AGENTS.md"));
}

class Person : public Hostile {
 protected:
  Report take_over() {
    ClaudeImport options;
    options.target = dir_ / "conf/oap";
    options.places.user_dir = dir_ / "home/.claude";
    return import_claude_user(options);
  }
  std::string made(const std::string& name) const {
    return os::read_file(dir_ / ("conf/oap/" + name)).value_or("");
  }
};

TEST_F(Person, WhatIsTheirsIsTakenOverAndTakenBack) {
  dir_.write(
      "home/.claude/settings.json",
      R"j({"permissions": {"deny": ["Read(~/.ssh/**)"], "allow": ["Bash"], "defaultMode": "bypassPermissions",
                  "additionalDirectories": ["/"]}, "model": "opus", "env": {"A": "1"},
                  "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "g"}]}]}})j");
  dir_.write("home/.claude/CLAUDE.md", "Be brief. @style.md\n");
  dir_.write("home/.claude/style.md", "Two spaces.\n");
  dir_.write("home/.claude/skills/a/SKILL.md", "---\nname: a\ndescription: d\n---\nx\n");
  dir_.write("home/.claude/commands/fix.md", "Fix\n");
  dir_.write(
      "home/.claude.json",
      R"j({"mcpServers": {"files": {"command": "npx", "args": ["-y", "x"], "env": {"K": "tell-nobody"}}},
                  "projects": {"/p": {"mcpServers": {"other": {"command": "y"}}}}})j");
  const Report report = take_over();
  EXPECT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(made("AGENTS.md"), HasSubstr("Be brief. Two spaces."));
  EXPECT_THAT(made("permissions.yaml"), HasSubstr(".ssh"));
  EXPECT_THAT(made("permissions.yaml"), Not(HasSubstr("level\":\"allow")));
  EXPECT_THAT(made("permissions.yaml"), Not(HasSubstr("level: allow")));
  EXPECT_THAT(made("hooks/claude-code.json"), HasSubstr("PreToolUse"));
  EXPECT_THAT(made("hooks/claude-code.json"), HasSubstr("\"env\""));
  EXPECT_THAT(made("skills/a/SKILL.md"), HasSubstr("name: a"));
  EXPECT_THAT(made("commands/fix.md"), HasSubstr("Fix"));
  EXPECT_THAT(made("mcp-servers.yaml"), HasSubstr("tell-nobody"));
  EXPECT_THAT(to_text(report), Not(HasSubstr("tell-nobody")));
  struct stat info{};
  ASSERT_EQ(::stat((dir_ / "conf/oap/mcp-servers.yaml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0077U, 0U) << "what has secrets is for its owner alone";
  EXPECT_FALSE(os::exists(dir_ / "conf/oap/.opencode"));
  EXPECT_FALSE(os::exists(dir_ / "conf/oap/config.yaml"));
  for (const char* key : {"permissions.allow: Bash", "permissions.defaultMode: bypassPermissions",
                          "permissions.additionalDirectories: /", "model"}) {
    EXPECT_THAT(to_text(report), HasSubstr(key));
  }
  EXPECT_FALSE(take_over().changed());
  Report back;
  back.host = "claude-code";
  undo(dir_ / "conf/oap", false, back, true);
  EXPECT_FALSE(back.failed) << to_text(back);
  EXPECT_EQ(made("AGENTS.md"), "");
  EXPECT_FALSE(os::exists(dir_ / "conf/oap/hooks"));
}

TEST_F(Person, TheirOwnFilesStay) {
  dir_.write("home/.claude/settings.json", R"j({"permissions": {"deny": ["Bash(curl *)"]}})j");
  dir_.write("home/.claude/CLAUDE.md", "Be brief.\n");
  dir_.write("conf/oap/permissions.yaml", "permissions:\n  - {pattern: x, level: deny}\n");
  dir_.write("conf/oap/AGENTS.md", "mine");
  const Report report = take_over();
  EXPECT_EQ(report.errors.size(), 2U) << to_text(report);
  EXPECT_EQ(made("AGENTS.md"), "mine");
  EXPECT_THAT(made("permissions.yaml"), Not(HasSubstr("curl")));
}

TEST_F(Person, ALinkInTheWayIsNotFollowed) {
  dir_.write("home/.claude/CLAUDE.md", "Be brief.\n");
  fs::create_directories(dir_ / "conf/oap");
  fs::create_symlink(dir_ / "out/secret.txt", dir_ / "conf/oap/AGENTS.md");
  fs::create_symlink(dir_ / "out", dir_ / "conf/oap/skills");
  dir_.write("home/.claude/skills/a/SKILL.md", "---\nname: a\ndescription: d\n---\nx\n");
  (void)take_over();
  EXPECT_EQ(outside(), kUntouched);
}

TEST_F(Person, WhatIsNamedForAProjectImport) {
  write(".claude/settings.json", kSettings);
  dir_.write("home/.claude/settings.json",
             R"j({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}})j");
  dir_.write("home/.claude.json", R"j({"mcpServers": {"all": {"command": "x"}}, "projects": {")j" +
                                      (dir_ / "s") +
                                      R"j(": {"mcpServers": {"here": {"command": "y"}}}}})j");
  const Report report = run();
  const std::string text = to_text(report);
  EXPECT_THAT(text, HasSubstr("mcpServers.all"));
  EXPECT_THAT(text, HasSubstr("mcpServers.here"));
  EXPECT_THAT(text, HasSubstr("--user"));
  EXPECT_FALSE(os::exists(dir_ / "t/.opencode/hooks"));
}

}  // namespace
}  // namespace oap::migration
