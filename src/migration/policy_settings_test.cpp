#include "migration/policy_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migration/plan.hpp"
#include "migration/policy_import.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::migration {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PolicySettings : public ::testing::Test {
 protected:
  Report run(PolicyHost host) {
    PolicyImport options;
    options.host = host;
    options.source = dir_ / "s";
    options.target = dir_ / "t";
    options.user_dir = dir_ / "home";
    return import_policy(options);
  }
  std::vector<std::string> lost(const Report& report) const {
    std::vector<std::string> out;
    for (const NotCarried& one : report.not_carried) {
      EXPECT_FALSE(one.reason.empty() || one.where.empty()) << one.key;
      out.push_back(one.key);
    }
    return out;
  }
  std::string rules() const {
    return os::read_file(dir_ / "t/.opencode/permissions.yaml").value_or("");
  }

  os::testing::TempDir dir_;
};

TEST_F(PolicySettings, WhatCodexSaysBesideItsRulesIsNamedAndNobodyIsAsked) {
  dir_.write("home/config.toml", "approval_policy = \"on-request\"\nmodel = \"gpt-5\"\n");
  dir_.write("s/.codex/config.toml",
             "approval_policy = \"never\"\nsandbox_mode = \"workspace-write\"\n"
             "[sandbox_workspace_write]\nnetwork_access = true\n"
             "[mcp_servers.x]\ncommand = \"npx\"\nenv = {TOKEN = \"hush-hush\"}\n"
             "[profiles.safe]\napproval_policy = \"untrusted\"\n[tui]\nnotifications = true\n");
  dir_.write("s/.codex/hooks.json", "{}");
  dir_.write("s/.codex/rules/a.rules",
             "prefix_rule(pattern=[\"git\", \"push\"], decision=\"prompt\")\n");
  const Report report = run(PolicyHost::kCodex);
  ASSERT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(lost(report), ElementsAre("approval_policy", "model", "approval_policy",
                                        "sandbox_mode", "sandbox_workspace_write", "mcp_servers",
                                        "profiles", "tui", ".codex/hooks.json"));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("never")));
  EXPECT_THAT(to_text(report), Not(HasSubstr("hush-hush")));
  EXPECT_THAT(rules(), HasSubstr(R"("level":"deny")"));
  EXPECT_THAT(rules(), Not(HasSubstr(R"("level":"ask")")));
}

TEST_F(PolicySettings, AProjectThatAsksIsAskedThoughThePersonIsNot) {
  dir_.write("home/config.toml", "approval_policy = \"never\"\n");
  dir_.write("s/.codex/config.toml", "approval_policy = \"untrusted\"\n");
  dir_.write("s/.codex/rules/a.rules", "prefix_rule(pattern=[\"git\"], decision=\"prompt\")\n");
  ASSERT_EQ(run(PolicyHost::kCodex).status(), "success");
  EXPECT_THAT(rules(), HasSubstr(R"("level":"ask")"));
}

TEST_F(PolicySettings, RulesInGeminisSettingsCountAndTheRestIsNamed) {
  dir_.write("s/.gemini/settings.json", R"j({
    // people write comments
    "excludeTools": ["web_fetch", 7],
    "tools": {"exclude": ["run_shell_command(rm)"], "allowed": ["run_shell_command(git)"],
              "core": ["read_file"], "sandbox": true},
    "mcp": {"excluded": ["bad"], "allowed": ["good"]},
    "mcpServers": {"good": {"command": "x", "trust": true}, "other": {"command": "y"}},
    "security": {"disableYoloMode": true}, "hooks": {"BeforeTool": []}})j");
  dir_.write("s/.gemini/policies/p.toml",
             "[[rule]]\ntoolName = \"run_shell_command\"\ncommandPrefix = \"git push\"\n"
             "decision = \"deny\"\npriority = 999\n");
  const Report report = run(PolicyHost::kGemini);
  ASSERT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(lost(report), ElementsAre("excludeTools", "tools.core", "tools.sandbox",
                                        "mcp.allowed", "mcpServers", "security", "hooks"));
  EXPECT_THAT(rules(), HasSubstr(R"("pattern":"web_fetch","level":"deny")"));
  EXPECT_THAT(rules(), HasSubstr(R"("pattern":"rm *","level":"deny")"));
  EXPECT_THAT(rules(), HasSubstr(R"("pattern":"git *","level":"allow")"));
  EXPECT_THAT(rules(), HasSubstr(R"("pattern":"bad__*","level":"deny")"));
  EXPECT_THAT(rules(), HasSubstr(R"("pattern":"good__*","level":"allow")"));
  EXPECT_THAT(rules(), Not(HasSubstr("other__")));
}

TEST_F(PolicySettings, WhatOpencodeSaysBesidePermissionsIsNamed) {
  dir_.write("s/opencode.json", R"j({"$schema": "x", "permission": {"bash": "ask"}, "model": "a/b",
    "mcp": {"x": {}}, "agent": {"plan": {"permission": {"edit": "deny"}}}, "theme": "t",
    "provider": {"p": {"options": {"apiKey": "hush-hush"}}}})j");
  const Report report = run(PolicyHost::kOpencode);
  ASSERT_EQ(report.status(), "success") << to_text(report);
  EXPECT_THAT(lost(report),
              ElementsAre("agent.plan.permission", "model", "mcp", "agent", "theme", "provider"));
  EXPECT_THAT(to_text(report), Not(HasSubstr("hush-hush")));
}

TEST_F(PolicySettings, ASecondRunChangesNothingAndUndoRestores) {
  dir_.write("t/mine.txt", "mine");
  dir_.write("s/.gemini/settings.json", R"({"tools": {"exclude": ["glob"]}})");
  ASSERT_EQ(run(PolicyHost::kGemini).status(), "success");
  const std::string first = rules();
  ASSERT_EQ(run(PolicyHost::kGemini).status(), "success");
  EXPECT_EQ(rules(), first);
  Report report;
  report.host = "gemini";
  undo(dir_ / "t", false, report);
  EXPECT_FALSE(os::exists(dir_ / "t/.opencode"));
  EXPECT_TRUE(os::exists(dir_ / "t/mine.txt"));
}

TEST_F(PolicySettings, SettingsThatCannotBeReadFailTheImport) {
  dir_.write("s/.gemini/settings.json", "{\"tools\": ");
  EXPECT_EQ(run(PolicyHost::kGemini).status(), "failed");
  dir_.write("s/.codex/config.toml", "approval_policy = ");
  EXPECT_EQ(run(PolicyHost::kCodex).status(), "failed");
  EXPECT_FALSE(os::exists(dir_ / "t/.opencode/permissions.yaml"));
}

}  // namespace
}  // namespace oap::migration
