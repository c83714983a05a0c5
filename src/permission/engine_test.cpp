#include "permission/engine.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/print.hpp"
#include "text/glob.hpp"

namespace oap::permission {
namespace {

std::shared_ptr<const Policy> compile(const std::string& yaml) {
  auto policy = Policy::compile({{Tier::kUser, "p.yaml", yaml}}, {.workspace = "/"});
  EXPECT_TRUE(policy.has_value()) << policy.error().message();
  return *policy;
}

Request bash(const std::string& command) {
  Request request;
  request.tool = "bash";
  request.action = "execute";
  request.arguments["command"] = command;
  request.workspace = "/";
  return request;
}

Rule deny_rm() {
  const json::Object object{
      {"tool", "bash"}, {"action", "execute"}, {"pattern", "rm *"}, {"level", "deny"}};
  return *rule_from_json(object, "session:1", {});
}

TEST(Engine, RecipesThatACommandWritesAskWhereTheWorkspaceIsTheRoot) {
  Engine engine(
      compile("permissions:\n  - {program: '*', level: allow}\n"
              "  - {scope: file_pattern, action: write, pattern: '/**', level: allow}\n"));
  EXPECT_EQ(engine.decide(bash("echo x > Makefile; make")).level, Level::kAsk);
  EXPECT_EQ(engine.decide(bash("echo x > aMakefile; make")).level, Level::kAllow);
}

TEST(Engine, SessionRulesCountAtOnceAndOutliveAReload) {
  Engine engine(compile("permissions:\n  - {tool: bash, level: allow}\n"));
  EXPECT_EQ(engine.decide(bash("rm x")).level, Level::kAllow);
  ASSERT_TRUE(engine.add_session_rule(deny_rm()).has_value());
  EXPECT_EQ(engine.decide(bash("rm x")).level, Level::kDeny);
  EXPECT_EQ(engine.decide(bash("rm x")).rule, "session:1");
  ASSERT_TRUE(
      engine.replace(compile("permissions:\n  - {tool: bash, level: allow}\n")).has_value());
  EXPECT_EQ(engine.decide(bash("rm x")).level, Level::kDeny);
}

TEST(Engine, ConditionsAreExplained) {
  const Engine engine(
      compile("permissions:\n"
              "  - {tool: bash, level: allow, condition: \"origin == 'agent'\"}\n"
              "  - {tool: bash, level: ask, condition: 'risk_score > 0.5', reason: risky}\n"));
  const Explanation explanation = engine.explain(bash("ls"));
  ASSERT_EQ(explanation.matches.size(), 2U);
  EXPECT_TRUE(explanation.matches[0].counted);
  EXPECT_EQ(explanation.matches[0].note,
            "its condition cannot be evaluated (1:1: 'risk_score' has no value here), so the rule "
            "counts");
  EXPECT_FALSE(explanation.matches[1].counted);
  EXPECT_EQ(explanation.matches[1].note, "its condition does not hold: origin == 'agent'");
  EXPECT_EQ(explanation.decision.reason, "risky; " + explanation.matches[0].note);
}

TEST(Engine, AnAgentOfOnesOwnIsAKnownRole) {
  const auto policy =
      Policy::compile({{Tier::kUser, "p.yaml", "permissions:\n  - {program: ls, level: allow}\n"}},
                      {.workspace = "/", .known_agents = {"scribe"}});
  ASSERT_TRUE(policy);
  const auto as = [&](const char* role) {
    Request request = bash("ls");
    request.principal.role = role;
    return (*policy)->decide(request);
  };
  EXPECT_EQ(as("scribe").level, Level::kAllow);
  EXPECT_EQ(as("scrib").level, Level::kAsk);
  EXPECT_THAT(as("scrib").reason, testing::HasSubstr("did you mean 'scribe'?"));
}

TEST(Engine, ABadSessionRuleChangesNothing) {
  Engine engine(compile("permissions:\n  - {tool: bash, level: allow}\n"));
  Rule bad = deny_rm();
  bad.pattern = "a[";
  EXPECT_FALSE(engine.add_session_rule(bad).has_value());
  EXPECT_EQ(engine.decide(bash("rm x")).level, Level::kAllow);
  EXPECT_TRUE(engine.add_session_rule(deny_rm()).has_value());
}

TEST(Engine, DecidesWhileBeingReplaced) {
  Engine engine(compile("permissions:\n  - {tool: bash, level: allow}\n"));
  const auto other = compile("permissions:\n  - {tool: bash, level: deny}\n");
  const auto first = engine.policy();
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) {
      EXPECT_TRUE(engine.replace(other).has_value());
      EXPECT_TRUE(engine.replace(first).has_value());
    }
  });
  for (int i = 0; i < 500; ++i) {
    EXPECT_NE(engine.decide(bash("ls")).level, Level::kAsk);
  }
  stop = true;
  writer.join();
}

TEST(Engine, Explains) {
  const Engine engine(
      compile("permissions:\n  - {tool: bash, level: ask, reason: careful}\n  - {program: ls, "
              "level: allow}\n"));
  const Explanation explanation = engine.explain(bash("ls; frob"));
  EXPECT_EQ(explanation.decision.level, Level::kAsk);
  EXPECT_EQ(explanation.mode, "strict");
  ASSERT_EQ(explanation.matches.size(), 2U);
  EXPECT_EQ(explanation.matches[0].rule.where, "p.yaml:2");
  EXPECT_EQ(explanation.matches[1].facet, "command ls");
  EXPECT_THAT(explanation.facets, testing::Contains("command frob"));
  EXPECT_THAT(explanation.floors, testing::ElementsAre("ask: no command rule names 'frob'"));
  const std::string text = json::print(to_json(explanation));
  EXPECT_THAT(text, testing::HasSubstr(R"("decision":"ask","rule":"p.yaml:2","reason":"careful")"));
}

TEST(Request, IsReadFromJson) {
  const auto read =
      [](std::initializer_list<std::pair<boost::json::string_view, boost::json::value_ref>>
             members) { return request_from_json(json::Object(members)); };
  const auto request = read({{"tool", "bash"},
                             {"user_id", "u"},
                             {"role", "admin"},
                             {"context", {{"workspace", "/w"}, {"cwd", "/w/x"}}}});
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->action, "execute");
  EXPECT_EQ(request->principal.user_id, "u");
  EXPECT_EQ(request->principal.role, "admin");
  EXPECT_EQ(request->cwd, "/w/x");
  EXPECT_THAT(read({{"tool", 1}}).error().message(), testing::HasSubstr("tool: expected a text"));
  EXPECT_THAT(read({{"action", "read"}}).error().message(), testing::HasSubstr("tool: missing"));
  EXPECT_THAT(read({{"tool", "x"}, {"action", "exec"}}).error().message(),
              testing::HasSubstr("action: expected"));
  EXPECT_THAT(read({{"tool", "x"}, {"ressource", "y"}}).error().message(),
              testing::HasSubstr("ressource: unknown key (did you mean 'resource'?)"));
  EXPECT_FALSE(request_from_json(json::Value(1)).has_value());
}

TEST(Policy, ACommandBeyondTheLimitsIsDenied) {
  PolicyOptions options;
  options.workspace = "/tmp";
  const std::string yaml =
      "permissions:\n"
      "  - {tool: bash, level: allow}\n"
      "  - {tool: bash, action: execute, pattern: 'rm *', level: deny}\n"
      "  - {tool: bash, action: execute, pattern: '*', level: allow}\n";
  const auto policy = Policy::compile({{Tier::kUser, "p.yaml", yaml}}, options);
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += "a;";
  }
  for (const std::string& padding :
       {": " + std::string(70000, 'a') + "; ", many, std::string(5000, '(')}) {
    Request request;
    request.tool = "bash";
    request.workspace = "/tmp";
    request.arguments["command"] = padding + "rm x";
    const Decision decision = (*policy)->decide(request);
    EXPECT_EQ(decision.level, Level::kDeny) << padding.substr(0, 20);
    EXPECT_EQ(decision.rule, "builtin/over-limit");
    EXPECT_NE(decision.reason.find("too long or too deep"), std::string::npos) << decision.reason;
  }
}

TEST(Policy, NamesWhatASearchMustNotShow) {
  PolicyOptions options;
  options.workspace = "/tmp";
  const std::string yaml =
      "permissions:\n"
      "  - {scope: file_pattern, action: read, pattern: 'secrets/**', level: deny}\n"
      "  - {scope: file_pattern, action: write, pattern: 'dist/**', level: deny}\n"
      "  - {scope: file_pattern, pattern: '/srv/x', level: ask}\n"
      "  - {scope: file_pattern, action: read, pattern: 'docs/**', level: allow}\n";
  const auto policy = Policy::compile({{Tier::kUser, "p.yaml", yaml}}, options);
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  const std::vector<std::string> globs = (*policy)->hidden_from_search({});
  const auto hides = [&](std::string_view path) {
    return std::any_of(globs.begin(), globs.end(), [&](const std::string& pattern) {
      const auto glob = text::Glob::compile(pattern, {text::GlobMode::kPath, false});
      EXPECT_TRUE(glob.has_value()) << pattern;
      return glob && glob->matches(path);
    });
  };
  for (const char* path : {"secrets/a/b", "secrets", "/srv/x", ".env", "a/.ENV.local", "id_rsa",
                           "a/Server.PEM", "a/.ssh/config", "a/.aws"}) {
    EXPECT_TRUE(hides(path)) << path;
  }
  for (const char* path : {"dist/a", "docs/a", "main.py", "environment.yml", "a/secrets/b"}) {
    EXPECT_FALSE(hides(path)) << path;
  }
  EXPECT_EQ(Engine(*policy).hidden_from_search({}), globs);
}

}  // namespace
}  // namespace oap::permission
