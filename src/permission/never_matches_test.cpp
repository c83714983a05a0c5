#include "permission/never_matches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "permission/analysis.hpp"
#include "permission/policy.hpp"

namespace oap::permission {
namespace {

using testing::HasSubstr;

KnownNames names() {
  KnownNames out;
  out.roles = {"user", "worker", "reviewer"};
  out.tools = {"bash", "read_file"};
  out.servers = {"", "sandbox", "jira"};
  out.all_servers = true;
  return out;
}

TEST(NeverTrue, SeesConstantsAndNamesThatAreNot) {
  const std::pair<const char*, const char*> rows[] = {
      {"false", "constant"},
      {"1 == 2", "constant"},
      {"!true && tool == 'bash'", "constant"},
      {"principal.role == 'workr'", "no role 'workr'"},
      {"'nobody' == principal.role", "no role 'nobody'"},
      {"principal.role in ['x', 'y']", "no role 'x'"},
      {"principal.role in []", "empty"},
      {"server == 'jra'", "no server 'jra'"},
      {"action == 'run'", "no action 'run'"},
      {"risk_score > 0.5 && principal.role == 'x'", "no role 'x'"},
      {"principal.role == 'x' || principal.role == 'y'", "no role 'y'"},
  };
  for (const auto& [condition, why] : rows) {
    EXPECT_THAT(never_true(condition, names()), HasSubstr(why)) << condition;
  }
}

TEST(NeverTrue, IsSilentWhereItMayBeTrue) {
  for (const char* condition :
       {"true", "principal.role == 'worker'", "principal.role != 'x'", "server == 'jira'",
        "server == ''", "principal.role in ['x', 'user']", "action == 'read'",
        "principal.role == 'x' || risk_score > 0.5", "!(principal.role == 'x')",
        "principal.user == 'nobody'", "principal.role == principal.user", "tool == 'anything'",
        "principal.role == 'x' ? false : true", "argv.exists(w, w == 'x')", "not CEL ("}) {
    EXPECT_EQ(never_true(condition, names()), "") << condition;
  }
  KnownNames open = names();
  open.all_servers = false;
  EXPECT_EQ(never_true("server == 'other'", open), "");
}

Analysis lint(const std::string& rules) {
  PolicyOptions options;
  options.workspace = "/w";
  options.known_servers = {{"jira"}};
  const auto policy = Policy::compile({{Tier::kUser, "p", "permissions:\n" + rules}}, options);
  EXPECT_TRUE(policy.has_value()) << policy.error().message();
  return analyse(**policy);
}

TEST(Lint, NamesServersToolsAndPlacesThatAreNot) {
  const std::pair<const char*, const char*> rows[] = {
      {"  - {mcp_server: jra, level: deny}\n", "no server 'jra' is configured"},
      {"  - {tool: jra__search, level: deny}\n", "no server 'jra' is configured"},
      {"  - {tool: read_fil, action: read, level: deny}\n", "no tool 'read_fil' is known"},
      {"  - {tool: bash, level: deny, condition: \"principal.role == 'x'\"}\n", "no role 'x'"},
      {"  - {pattern: '/proc/self/fd/*', action: read, level: allow}\n",
       "another place for each process"},
  };
  for (const auto& [rule, why] : rows) {
    const Analysis analysis = lint(rule);
    ASSERT_EQ(analysis.findings.size(), 1U) << rule;
    EXPECT_EQ(analysis.findings[0].kind, Finding::Kind::kNeverMatches) << rule;
    EXPECT_THAT(analysis.findings[0].message, HasSubstr(why)) << rule;
  }
  for (const char* rule :
       {"  - {mcp_server: jira, level: deny}\n", "  - {mcp_server: 'j*', level: deny}\n",
        "  - {mcp_server: sandbox, level: deny}\n", "  - {tool: jira__search, level: deny}\n",
        "  - {tool: bash, level: deny, condition: \"principal.role == 'worker'\"}\n"}) {
    EXPECT_TRUE(lint(rule).findings.empty()) << rule;
  }
}

TEST(Lint, ShowsAWildcardOnlyByWhatIsAllowed) {
  for (const char* rule :
       {"  - {program: bash, level: allow}\n", "  - {program: python3, level: allow}\n",
        "  - {tool: bash, level: allow}\n", "  - {program: '*', level: allow}\n"}) {
    PolicyOptions options;
    options.workspace = "/w";
    const auto policy =
        Policy::compile({{Tier::kUser, "p", std::string("permissions:\n") + rule}}, options);
    ASSERT_TRUE(policy.has_value());
    const Analysis analysis = analyse(**policy);
    ASSERT_EQ(analysis.findings.size(), 1U) << rule;
    EXPECT_EQ(analysis.findings[0].kind, Finding::Kind::kWildcardAllow);
    ASSERT_TRUE(analysis.findings[0].witness.has_value()) << rule;
    auto request = request_from_json(*analysis.findings[0].witness);
    ASSERT_TRUE(request.has_value());
    request->workspace = "/w";
    EXPECT_EQ((*policy)->decide(*request).level, Level::kAllow) << rule;
  }
}

}  // namespace
}  // namespace oap::permission
