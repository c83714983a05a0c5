#include "permission/always.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "permission/case_rows.hpp"

namespace oap::permission {
namespace {

std::shared_ptr<const Policy> compile(const std::string& yaml) {
  auto policy = Policy::compile({{Tier::kUser, "p.yaml", yaml}}, {.workspace = "/w"});
  EXPECT_TRUE(policy.has_value()) << policy.error().message();
  return *policy;
}

std::vector<std::string> offered(const std::string& row,
                                 const std::string& yaml = "permissions: []\n") {
  const auto policy = compile(yaml);
  auto request = request_from_json(*case_request(row));
  EXPECT_TRUE(request.has_value());
  request->workspace = "/w";
  std::string why_not;
  std::vector<std::string> out;
  for (const Rule& rule : always_rules(*policy, *request, why_not)) {
    out.push_back(rule_line(rule));
  }
  EXPECT_EQ(out.empty(), !why_not.empty()) << row << ": " << why_not;
  return out;
}

TEST(AlwaysRules, AreTheNarrowestForEachPart) {
  EXPECT_THAT(
      offered("bash git commit -m x && make check"),
      testing::ElementsAre(
          R"({"scope":"command","action":"execute","pattern":"git commit -m x","level":"allow","workspace":"/w","reason":"approved for always"})",
          R"({"scope":"command","action":"execute","pattern":"make check","level":"allow","workspace":"/w","reason":"approved for always"})"));
  EXPECT_THAT(offered("bash git commit -m 'a b'"),
              testing::ElementsAre(testing::HasSubstr(R"("argv":["git","commit","-m","a b"])")));
  EXPECT_THAT(offered("bash ls 'a*'"),
              testing::ElementsAre(testing::HasSubstr(R"("pattern":"ls a\\*")")));
  EXPECT_THAT(offered("write_file src/a.c"),
              testing::ElementsAre(testing::HasSubstr(
                  R"("action":"write","pattern":"/w/src/a.c","level":"allow","workspace":"/w")")));
  EXPECT_THAT(offered("bash echo x > out"),
              testing::ElementsAre(testing::HasSubstr("echo x"), testing::HasSubstr("/w/out")));
  EXPECT_THAT(
      offered("call jira__search"),
      testing::ElementsAre(testing::HasSubstr(R"("scope":"tool","pattern":"jira__search")")));
}

TEST(AlwaysRules, AreNeverForWhatRunsOthers) {
  for (const char* row : {"bash bash x.sh",
                          "bash sh -c ls",
                          "bash python3 x.py",
                          "bash node x.js",
                          "bash sudo ls",
                          "bash env ls",
                          "bash xargs ls",
                          "bash find . -name x",
                          "bash ssh h",
                          "bash npx x",
                          "bash eval ls",
                          "bash ls $x",
                          "bash ls $(pwd)",
                          "bash ./x.sh",
                          "bash ls `pwd`",
                          "bash git -C x status",
                          "bash awk 1 f",
                          "bash ls && sudo ls",
                          "bash timeout 1 ls",
                          "bash A=b ls",
                          "bash rm -r src",
                          "bash ls '",
                          "python",
                          "bash docker run x"}) {
    EXPECT_THAT(offered(row), testing::IsEmpty()) << row;
  }
}

TEST(AlwaysRules, AreNotOfferedWhereAnotherRuleStillAsks) {
  EXPECT_THAT(offered("bash git push", "permissions:\n  - {program: git, level: ask}\n"),
              testing::IsEmpty());
  EXPECT_THAT(
      offered("write_file a", "permissions:\n  - {pattern: '**', action: write, level: ask}\n"),
      testing::IsEmpty());
}

TEST(AlwaysRules, AllowWhatTheyWereMadeFor) {
  for (const char* row : {"bash git commit -m 'a b'", "bash ls 'a*b'", "write_file 'x y'",
                          "bash printf '%s {a}'", "call jira__search"}) {
    std::string yaml = "permissions:\n";
    for (const std::string& line : offered(row)) {
      yaml += "  - " + line + "\n";
    }
    auto request = request_from_json(*case_request(row));
    request->workspace = "/w";
    EXPECT_EQ(compile(yaml)->decide(*request).level, Level::kAllow) << row << "\n" << yaml;
    request->tool = "bash";
    request->arguments = {{"command", "git commit -m other"}};
    EXPECT_EQ(compile(yaml)->decide(*request).level, Level::kAsk) << row;
  }
}

}  // namespace
}  // namespace oap::permission
