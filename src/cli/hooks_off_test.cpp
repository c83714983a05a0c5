#include "cli/hooks_off.hpp"

#include <gmock/gmock.h>

namespace oap::cli {
namespace {

using hosts::Host;
using testing::AllOf;
using testing::HasSubstr;

TEST(HooksOff, TheMemberAndTheFileAreNamed) {
  struct Row {
    Host host;
    std::string text;
    std::string member;
  };
  const std::vector<Row> rows{
      {Host::kClaudeCode, R"({"disableAllHooks":true})", "disableAllHooks"},
      {Host::kQwen, R"({"disableAllHooks":true})", "disableAllHooks"},
      {Host::kGemini, R"({"hooks":{"enabled":false}})", "hooks.enabled"},
      {Host::kGemini, R"({"hooksConfig":{"enabled":false}})", "hooksConfig.enabled"},
      {Host::kGemini, R"({"hooksConfig":{"disabled":["x","oap"]}})", "hooksConfig.disabled"},
      {Host::kGemini, R"({"tools":{"enableHooks":false}})", "tools.enableHooks"},
      {Host::kCodex, "[features]\nhooks = false\n", "features.hooks"},
      {Host::kCodex, "since = 2026-01-01\nfeatures.codex_hooks = false\n", "features.codex_hooks"}};
  for (const Row& row : rows) {
    EXPECT_THAT(hooks_off(row.host, {{"/h/settings", row.text}}),
                AllOf(HasSubstr("'" + row.member + "'"), HasSubstr("/h/settings")))
        << row.text;
  }
}

TEST(HooksOff, NothingIsSaidWhereTheyAreOn) {
  EXPECT_EQ(hooks_off(Host::kClaudeCode, {{"a", R"({"disableAllHooks":false})"}, {"b", ""}}), "");
  EXPECT_EQ(hooks_off(Host::kClaudeCode, {{"a", R"({"disableAllHooks":false})"},
                                          {"b", R"({"disableAllHooks":true})"}}),
            "")
      << "the stronger file counts";
  EXPECT_EQ(hooks_off(Host::kGemini, {{"a", R"({"hooks":{"disabled":["x"],"enabled":true}})"}}),
            "");
  EXPECT_EQ(hooks_off(Host::kCodex, {{"a", "[features]\nhooks = true\n"}}), "");
  EXPECT_EQ(hooks_off(Host::kCrush, {{"a", R"({"disableAllHooks":true})"}}), "");
  EXPECT_EQ(hooks_off(Host::kClaudeCode, {{"a", "{broken"}, {"b", "[]"}}), "");
}

}  // namespace
}  // namespace oap::cli
