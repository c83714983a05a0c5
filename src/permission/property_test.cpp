#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "permission/policy.hpp"

namespace oap::permission {
namespace {

/// One rule as YAML; drawn from a small world so that rules and requests often meet.
rc::Gen<std::string> any_rule(const std::string& level) {
  return rc::gen::map(
      rc::gen::element<std::string>(
          "tool: bash", "tool: '*'", "tool: read_file", "pattern: 'src/**'", "pattern: '**/*.py'",
          "pattern: '/etc/**'", "pattern: 'src/a.py', action: read", "program: rm", "program: git",
          "argv: [git, status]", "tool: bash, pattern: 'rm *'", "tool: bash, pattern: '*'",
          "mcp_server: sandbox", "mcp_server: jira", "tool: jira__x", "tool: 'jira__*'",
          "scope: tool, action: execute, pattern: write_file"),
      [level](const std::string& subject) {
        return fmt::format("{{{}, level: {}}}", subject, level);
      });
}

rc::Gen<std::string> any_level() { return rc::gen::element<std::string>("allow", "ask", "deny"); }

rc::Gen<std::vector<std::string>> any_rules() {
  return rc::gen::container<std::vector<std::string>>(
      rc::gen::mapcat(any_level(), [](const std::string& level) { return any_rule(level); }));
}

std::string yaml_of(const std::vector<std::string>& rules) {
  std::string out = "permissions:\n";
  for (const std::string& rule : rules) {
    out += "  - " + rule + "\n";
  }
  return rules.empty() ? "permissions: []\n" : out;
}

std::shared_ptr<const Policy> compile(const std::vector<std::string>& rules) {
  auto policy = Policy::compile({{Tier::kUser, "p", yaml_of(rules)}}, {.workspace = "/w"});
  RC_ASSERT(policy.has_value());
  return *policy;
}

Request request_for(int which) {
  Request request;
  request.workspace = "/w";
  static const char* const kCommands[] = {
      "git status",  "rm x", "git status && rm -rf y", "ls", "cat src/a.py > /etc/x",
      "echo $(rm x)"};
  static const char* const kPaths[] = {"src/a.py", "b.py", "/etc/passwd", "README.md"};
  if (which < 6) {
    request.tool = "bash";
    request.arguments["command"] = kCommands[which];
  } else if (which < 10) {
    request.tool = "read_file";
    request.arguments["path"] = kPaths[which - 6];
  } else if (which < 14) {
    request.tool = "write_file";
    request.arguments["path"] = kPaths[which - 10];
  } else {
    request.tool = which == 14 ? "jira__x" : "jira__y";
    request.action = "invoke";
  }
  return request;
}

int any_request() { return *rc::gen::inRange(0, 16); }

TEST(PermissionProperty, ADenyThatMatchesIsNeverOutvoted) {
  EXPECT_TRUE(rc::check([] {
    std::vector<std::string> rules = *any_rules();
    const std::string deny = *any_rule("deny");
    const Request request = request_for(any_request());
    const bool matches = compile({deny})->decide(request).level == Level::kDeny &&
                         compile({deny})->decide(request).rule == "p:2";
    rules.insert(rules.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(rules) + 1), deny);
    if (matches) {
      RC_ASSERT(compile(rules)->decide(request).level == Level::kDeny);
    }
  }));
}

TEST(PermissionProperty, TheOrderOfRulesDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    std::vector<std::string> rules = *any_rules();
    const Request request = request_for(any_request());
    const Level before = compile(rules)->decide(request).level;
    std::reverse(rules.begin(), rules.end());
    RC_ASSERT(compile(rules)->decide(request).level == before);
    std::sort(rules.begin(), rules.end());
    RC_ASSERT(compile(rules)->decide(request).level == before);
  }));
}

TEST(PermissionProperty, AnAllowNeverTurnsADenyOfARule) {
  EXPECT_TRUE(rc::check([] {
    std::vector<std::string> rules = *any_rules();
    const Request request = request_for(any_request());
    const Decision before = compile(rules)->decide(request);
    rules.push_back(*any_rule("allow"));
    const Decision after = compile(rules)->decide(request);
    if (before.rule.starts_with("p:")) {
      RC_ASSERT(after.level >= before.level);
    }
  }));
}

constexpr Tier kTiers[] = {Tier::kManaged, Tier::kSession, Tier::kUser, Tier::kProject};

using Tiers = std::vector<std::vector<std::string>>;

std::shared_ptr<const Policy> compile(const Tiers& tiers, bool specific = false) {
  std::vector<PolicySource> sources;
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    sources.push_back({kTiers[i], std::string(to_string(kTiers[i])),
                       (specific ? "precedence: specific\n" : "") + yaml_of(tiers[i])});
  }
  auto policy = Policy::compile(std::move(sources), {.workspace = "/w"});
  RC_ASSERT(policy.has_value());
  return *policy;
}

Tiers any_tiers() {
  Tiers tiers;
  for (std::size_t i = 0; i < std::size(kTiers); ++i) {
    tiers.push_back(*any_rules());
  }
  return tiers;
}

bool by_a_rule(const Decision& decision) { return decision.rule.find(':') != std::string::npos; }

TEST(PermissionProperty, ALowerTierNeverLoosens) {
  EXPECT_TRUE(rc::check([] {
    Tiers tiers = any_tiers();
    const Request request = request_for(any_request());
    const Decision before = compile(tiers)->decide(request);
    const auto tier = *rc::gen::inRange<std::size_t>(0, std::size(kTiers));
    tiers[tier].push_back(*rc::gen::mapcat(any_level(), any_rule));
    const Decision after = compile(tiers)->decide(request);
    if (by_a_rule(before)) {
      RC_ASSERT(after.level >= before.level);
    }
  }));
}

TEST(PermissionProperty, ADenyOfAnyTierStaysUnderAnyOrderAndPrecedence) {
  EXPECT_TRUE(rc::check([] {
    Tiers tiers = any_tiers();
    const Request request = request_for(any_request());
    const Decision before = compile(tiers)->decide(request);
    for (std::vector<std::string>& rules : tiers) {
      std::sort(rules.begin(), rules.end());
    }
    RC_ASSERT(compile(tiers)->decide(request).level == before.level);
    const Tiers managed = {tiers[0]};
    const Decision alone = compile(managed)->decide(request);
    if (alone.level == Level::kDeny && by_a_rule(alone)) {
      RC_ASSERT(compile(tiers, true)->decide(request).level == Level::kDeny);
    }
  }));
}

TEST(PermissionProperty, ExplainAgreesWithDecide) {
  EXPECT_TRUE(rc::check([] {
    const auto policy = compile(*any_rules());
    const Request request = request_for(any_request());
    const Decision decision = policy->decide(request);
    const Explanation explanation = policy->explain(request);
    RC_ASSERT(explanation.decision.level == decision.level);
    RC_ASSERT(explanation.decision.rule == decision.rule);
  }));
}

}  // namespace
}  // namespace oap::permission
