#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "permission/policy.hpp"
#include "yaml/yaml.hpp"

namespace oap::permission {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string fault(const std::string& yaml) {
  const auto policy = Policy::compile({{Tier::kUser, "p.yaml", yaml}}, {.workspace = "/"});
  return policy ? "fine" : policy.error().message();
}

TEST(RuleReader, NamesPlaceKeyAndNearestName) {
  EXPECT_EQ(fault("permissions:\n  - {tool: bash, level: alow}\n"),
            "p.yaml:2: level: expected allow, ask or deny, found 'alow' (did you mean 'allow'?)");
  EXPECT_EQ(fault("permissions:\n  - tool: bash\n    levle: allow\n"),
            "p.yaml:3: levle: unknown key, expected scope, action, pattern, level, reason, tool, "
            "program, "
            "argv, mcp_server, match, not_match, workspace or condition (did you mean 'level'?)");
  EXPECT_THAT(fault("permisions: []\n"), HasSubstr("p.yaml:1: permisions: unknown key"));
  EXPECT_THAT(fault("permissions:\n  - {scope: file, pattern: x, level: ask}\n"),
              HasSubstr("p.yaml:2: scope: expected tool, mcp_server, file_pattern or command"));
  EXPECT_THAT(fault("permissions:\n  - {tool: bash, action: run, level: ask}\n"),
              HasSubstr("p.yaml:2: action: expected execute"));
  EXPECT_THAT(fault("permissions:\n  - {pattern: 'a[', level: ask}\n"),
              HasSubstr("p.yaml:2: pattern: "));
  EXPECT_THAT(fault("permissions:\n  - {pattern: 'a/../b', level: ask}\n"),
              HasSubstr("p.yaml:2: "));
  EXPECT_THAT(fault("permissions:\n  - {tool: bash}\n"), HasSubstr("p.yaml:2: level: missing"));
  EXPECT_THAT(fault("permissions:\n  - {level: ask}\n"), HasSubstr("p.yaml:2: a rule needs"));
  EXPECT_THAT(fault("permissions:\n  - {tool: [a], level: ask}\n"),
              HasSubstr("tool: expected a text"));
  EXPECT_THAT(fault("permissions: {a: 1}\n"), HasSubstr("expected a list of rules"));
  EXPECT_THAT(fault("permissions:\n  - bash\n"), HasSubstr("expected a rule such as"));
  EXPECT_THAT(fault("- a\n"), HasSubstr("expected a map"));
  EXPECT_THAT(fault("precedence: strictest\n"),
              HasSubstr("p.yaml:1: precedence: expected strict or specific"));
}

TEST(RuleReader, CompilesConditions) {
  EXPECT_THAT(
      fault("permissions:\n  - tool: bash\n    level: ask\n    condition: princpal.role == 'x'\n"),
      HasSubstr("p.yaml:4: condition: 1:1: unknown name 'princpal' (did you mean "
                "'principal'?)\n  princpal.role == 'x'\n  ^"));
  EXPECT_THAT(
      fault("permissions:\n  - {tool: bash, level: ask, condition: 'risk_score'}\n"),
      HasSubstr("p.yaml:2: condition: 1:1: the expression gives double, but bool is wanted"));
  EXPECT_THAT(
      fault("permissions:\n  - {tool: bash, level: ask, condition: 'principal.name == tool'}\n"),
      HasSubstr("there is no member 'name'"));
  EXPECT_THAT(fault("permissions:\n  - {tool: bash, level: ask, condition: 'risk_score < 1'}\n"),
              HasSubstr("fine"));
  EXPECT_THAT(fault("permissions:\n  - {tool: bash, level: ask, condition: 'tool =='}\n"),
              HasSubstr("p.yaml:2: condition: 1:8: the expression ends"));
  EXPECT_THAT(fault("permissions:\n  - {tool: bash, level: ask, condition: true}\n"),
              HasSubstr("condition: expected a text, found boolean"));
  EXPECT_THAT(fault("permissions:\n  - {tool: bash, level: ask, conditions: 'true'}\n"),
              HasSubstr("did you mean 'condition'?"));
}

TEST(RuleReader, RefusesMixedForms) {
  EXPECT_THAT(fault("permissions:\n  - {scope: command, argv: [a], program: b, level: ask}\n"),
              HasSubstr("exactly one of argv, program and pattern"));
  EXPECT_THAT(fault("permissions:\n  - {scope: tool, argv: [a], level: ask}\n"),
              HasSubstr("argv: belongs to scope command only"));
  EXPECT_THAT(fault("permissions:\n  - {scope: command, argv: [], level: ask}\n"),
              HasSubstr("expected a list of texts"));
  EXPECT_THAT(fault("permissions:\n  - {program: rm, action: read, level: ask}\n"),
              HasSubstr("a command rule's action is execute"));
  EXPECT_THAT(fault("permissions:\n  - {tool: 'bash(rm *)', level: deny}\n"),
              HasSubstr("a command goes into pattern"));
  EXPECT_THAT(
      fault("permissions:\n  - {scope: file_pattern, tool: bash, pattern: x, level: deny}\n"),
      HasSubstr("does not go with scope file_pattern"));
}

TEST(RuleReader, ReportsAllFaultsAtOnce) {
  const std::string faults = fault(
      "permissions:\n  - {tool: bash, level: alow}\n  - {tool: bash, lvl: ask}\nroles:\n  a: "
      "{inherits: [b]}\n");
  EXPECT_EQ(std::count(faults.begin(), faults.end(), '\n'), 1);
  EXPECT_THAT(faults, HasSubstr("p.yaml:2"));
  EXPECT_THAT(faults, HasSubstr("p.yaml:3"));
}

TEST(RuleReader, ChecksRoles) {
  EXPECT_THAT(fault("roles:\n  dev: {inherits: [basic_usr]}\n"),
              HasSubstr("p.yaml:2: inherits: no role 'basic_usr' (did you mean 'basic_user'?)"));
  EXPECT_THAT(fault("roles:\n  a: {inherits: [b]}\n  b: {inherits: [a]}\n"),
              HasSubstr("p.yaml:2: inherits: the role 'a' inherits itself (a from b from a)\n"
                        "p.yaml:3: inherits: the role 'b' inherits itself (b from a from b)"));
  EXPECT_EQ(fault("roles:\n  a: {inherits: [a]}\n  b: {inherits: [a]}\n"),
            "p.yaml:2: inherits: the role 'a' inherits itself (a from a)");
  EXPECT_THAT(fault("roles:\n  a: {inherit: [b]}\n"), HasSubstr("inherit: unknown key"));
  EXPECT_EQ(fault("roles:\n  a: {inherits: [basic_user]}\n  b:\n"), "fine");
}

TEST(RuleReader, ChecksRolesOfAProjectThatIsNotTrusted) {
  const auto fault_of = [](const std::string& yaml) {
    const auto policy = Policy::compile({{Tier::kProject, "p.yaml", yaml}},
                                        {.workspace = "/", .trusted_project = false});
    return policy ? "fine" : policy.error().message();
  };
  EXPECT_THAT(fault_of("roles:\n  a: {inherits: [nobody]}\n"),
              HasSubstr("p.yaml:2: inherits: no role 'nobody'"));
  EXPECT_THAT(fault_of("roles:\n  a: {inherits: [b]}\n  b: {inherits: [a]}\n"),
              HasSubstr("p.yaml:2: inherits: the role 'a' inherits itself"));
  EXPECT_EQ(fault_of("roles:\n  a: {inherits: [basic_user]}\n"), "fine");
}

TEST(RuleReader, ReadsTheShortForms) {
  const auto policy =
      Policy::compile({{Tier::kUser, "p.yaml",
                        "permissions:\n"
                        "  - {tool: bash, level: ask}\n"
                        "  - {tool: bash, pattern: 'rm *', level: deny}\n"
                        "  - {pattern: 'a/**', level: deny}\n"
                        "  - {tool: git, level: allow}\n"
                        "  - {scope: tool, action: execute, pattern: systemctl, level: deny}\n"
                        "  - {tool: npm, pattern: 'run *', level: allow}\n"}},
                      {.workspace = "/"});
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  std::vector<std::string> rules;
  for (const Rule& rule : (*policy)->rules()) {
    rules.push_back(rule.describe());
  }
  EXPECT_THAT(rules, ElementsAre("tool 'bash'", "command 'rm *'", "file_pattern 'a/**'",
                                 "command program 'git'", "command program 'systemctl', execute",
                                 "command 'npm run *'"));
  EXPECT_THAT((*policy)->warnings(), ElementsAre(HasSubstr("p.yaml:5: 'git' is no known tool"),
                                                 HasSubstr("'systemctl'"), HasSubstr("'npm'")));
}

TEST(RuleReader, RefusesUnknownApprovalCategories) {
  const auto policy =
      Policy::compile({}, {.workspace = "/", .require_approval_for = {"destructive"}});
  ASSERT_FALSE(policy.has_value());
  EXPECT_THAT(policy.error().message(), HasSubstr("unknown category 'destructive'"));
}

TEST(RuleReader, AnUnreadableFileIsAFault) {
  const auto policy =
      Policy::compile({{Tier::kUser, "/nonexistent/p.yaml", std::nullopt}}, {.workspace = "/"});
  EXPECT_FALSE(policy.has_value());
}

TEST(RuleFromJson, ReadsOneRule) {
  json::Object object{
      {"tool", "bash"}, {"action", "execute"}, {"pattern", "rm *"}, {"level", "deny"}};
  const auto rule = rule_from_json(object, "session", {});
  ASSERT_TRUE(rule.has_value());
  EXPECT_EQ(rule->scope, Scope::kCommand);
  EXPECT_EQ(rule->where, "session");
  object["level"] = "no";
  EXPECT_FALSE(rule_from_json(object, "session", {}).has_value());
}

}  // namespace
}  // namespace oap::permission
