#include "hosts/codex_trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/install.hpp"

namespace oap::hosts {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kFile = "/home/ann/.codex/hooks.json";
// What Codex 0.171 takes for trusted, of this command at this place.
constexpr std::string_view kTrusted =
    "[hooks.state.\"/home/ann/.codex/hooks.json:pre_tool_use:0:0\"]\n"
    "trusted_hash = \"sha256:9d27ef5fc00f276173469ea1dd17beaa07b29bd262529ef80646ec6499e4a651\"\n"
    "\n"
    "[hooks.state.\"/home/ann/.codex/hooks.json:post_tool_use:0:0\"]\n"
    "trusted_hash = \"sha256:fa176c7bd2b2bdc0abd27f6732f10c05b61cac66b1765224b10b08521aa525b8\"\n"
    "\n"
    "[hooks.state.\"/home/ann/.codex/hooks.json:user_prompt_submit:0:0\"]\n"
    "trusted_hash = \"sha256:bf1e7f95659c9a8969997dfcdc05c65fd295762f5766f74607ace989f0333ad3\"\n";

std::string hooks_with(std::string_view before = "",
                       std::string_view program = "/usr/bin/oap-hook") {
  return *with_hook(Host::kCodex, before, "hooks.json", *hook_command(Host::kCodex, program));
}

std::string trusted(std::string_view config, std::string_view hooks) {
  const auto out = with_codex_trust(config, "config.toml", hooks, std::string(kFile));
  EXPECT_TRUE(out) << out.error().message();
  return out.value_or("");
}

std::string untrusted(std::string_view config, std::string_view hooks) {
  return without_codex_trust(config, hooks, std::string(kFile)).value_or("?");
}

TEST(CodexTrust, OurHooksAreTrustedAsCodexItselfWritesIt) {
  EXPECT_EQ(trusted("", hooks_with()), kTrusted);
  EXPECT_EQ(untrusted(kTrusted, hooks_with()), "");
}

TEST(CodexTrust, WhatIsThereStays) {
  const std::string config = "model = \"x\"\n\n[projects.\"/p\"]\ntrust_level = \"trusted\"";
  const std::string with = trusted(config, hooks_with());
  EXPECT_EQ(with, config + "\n\n" + std::string(kTrusted));
  EXPECT_EQ(trusted(with, hooks_with()), with);
  EXPECT_EQ(untrusted(with, hooks_with()), config + "\n");
  const std::string later = with + "\n[tui]\ntheme = \"dark\"\n";
  EXPECT_EQ(untrusted(later, hooks_with()), config + "\n\n[tui]\ntheme = \"dark\"\n");
}

TEST(CodexTrust, AnotherPathOfTheProgramIsTrustedInThePlaceOfTheOld) {
  const std::string moved = hooks_with("", "/opt/oap-hook");
  const std::string now = trusted(kTrusted, moved);
  EXPECT_THAT(now, Not(HasSubstr("9d27ef5f")));
  EXPECT_EQ(now.size(), kTrusted.size());
}

TEST(CodexTrust, OnlyOursAtTheirPlaces) {
  const std::string hooks = hooks_with(
      R"({"hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"mine"}]}]}})");
  const std::string config = trusted("", hooks);
  EXPECT_THAT(config, StartsWith("[hooks.state.\"/home/ann/.codex/hooks.json:pre_tool_use:1:0\"]"));
  EXPECT_THAT(config, Not(HasSubstr("pre_tool_use:0:0")));
  EXPECT_EQ(trusted("", R"({"hooks":{"Stop":[{"hooks":[{"command":"mine"}]}]}})"), "");
  EXPECT_EQ(trusted("x = 1", ""), "x = 1");
}

TEST(CodexTrust, ThePathIsQuoted) {
  const auto out = with_codex_trust("", "c", hooks_with(), "/a \"b\"\\c/hooks.json");
  EXPECT_THAT(*out, StartsWith(R"([hooks.state."/a \"b\"\\c/hooks.json:pre_tool_use:0:0"])"));
}

TEST(CodexTrust, FormsThatCannotBeAddedToAreRefused) {
  for (const std::string_view config : {"hooks = { state = {} }", "hooks.state = {}",
                                        "[hooks]\nstate = {}\n", "a = 1\nhooks={}\n"}) {
    const auto out = with_codex_trust(config, "config.toml", hooks_with(), std::string(kFile));
    ASSERT_FALSE(out) << config;
    EXPECT_THAT(out.error().message(), HasSubstr("config.toml"));
  }
  EXPECT_FALSE(with_codex_trust("", "config.toml", "{broken", std::string(kFile)));
  EXPECT_THAT(trusted("[hooks]\nPreToolUse = []\n", hooks_with()), EndsWith(kTrusted));
}

TEST(CodexTrust, StrangeFilesAreNoTrouble) {
  for (const std::string_view hooks :
       {"{}", R"({"hooks":[]})", R"({"hooks":{"A":1,"B":[1,{"hooks":2},{"hooks":[3,{}]}]}})"}) {
    EXPECT_EQ(trusted("a\r\nb", hooks), "a\r\nb") << hooks;
    EXPECT_EQ(untrusted("a\r\nb", hooks), "a\r\nb") << hooks;
  }
}

}  // namespace
}  // namespace oap::hosts
