#include "permission/analysis.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "permission/case_rows.hpp"
#include "permission/regions.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

std::shared_ptr<const Policy> compile(const std::string& yaml, Tier tier = Tier::kUser) {
  auto policy = Policy::compile({{tier, "p.yaml", yaml}}, {.workspace = "/w"});
  EXPECT_TRUE(policy.has_value()) << policy.error().message();
  return *policy;
}

/// "kind line[<by line]", one each, joined by ", ".
std::string summary(const Analysis& analysis) {
  std::string out;
  for (const Finding& finding : analysis.findings) {
    const auto line = [](const Rule& rule) { return rule.where.substr(rule.where.rfind(':') + 1); };
    out += (out.empty() ? "" : ", ") + std::string(to_string(finding.kind)) + " " +
           line(finding.rule) + (finding.by ? "<" + line(*finding.by) : "");
  }
  return out.empty() ? "clean" : out;
}

/// Tables of policies: "| " lines of a file, then "=> kind line<by line, …".
TEST(Analysis, Table) {
  std::ifstream file(OAP_SOURCE_DIR "/src/permission/cases/lint.cases");
  ASSERT_TRUE(file.is_open());
  std::string yaml;
  int number = 0;
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("| ")) {
      yaml += line.substr(2) + "\n";
    } else if (line.starts_with("=> ")) {
      const Analysis analysis = analyse(*compile(yaml));
      EXPECT_EQ(summary(analysis), line.substr(3)) << "lint.cases:" << number;
      EXPECT_TRUE(analysis.complete);
      for (const Finding& finding : analysis.findings) {
        EXPECT_FALSE(finding.message.empty());
        EXPECT_EQ(finding.witness.has_value(), finding.kind != Finding::Kind::kNeverMatches);
      }
      yaml.clear();
      ++rows;
    }
  }
  EXPECT_GE(rows, 30);
}

/// As an import of Claude Code's settings writes them: the regions of these are exponentially many.
std::string imported_policy() {
  std::string yaml = "permissions:\n";
  for (const char* name : {".git", ".config/git", ".vscode", ".idea", ".husky", ".cargo",
                           ".devcontainer", ".yarn", ".mvn", ".claude"}) {
    yaml += std::string("  - {pattern: '**/") + name + "/**', action: write, level: ask}\n";
  }
  for (const char* name :
       {".bashrc", ".profile", ".zshrc", ".gitconfig", ".gitmodules", ".envrc"}) {
    yaml += std::string("  - {pattern: '**/") + name + "', action: write, level: ask}\n";
  }
  return yaml;
}

TEST(Analysis, ManyRegionsAreNoHindrance) {
  const Analysis analysis = analyse(*compile(
      imported_policy() +
      "  - {pattern: 'secrets/**', action: write, level: deny}\n"             // 18
      "  - {pattern: 'secrets/.git/**', action: write, level: allow}\n"       // 19: by 18
      "  - {pattern: 'src/**', action: write, level: allow}\n"                // 20
      "  - {pattern: '**/.idea/.vscode/*', action: write, level: allow}\n"    // 21: by 4 and 5
      "  - {pattern: '**/.husky/**', action: write, level: deny}\n"           // 22
      "  - {pattern: '**/{.mvn,.yarn}/x', action: write, level: allow}\n"));  // 23: by 9 and 10
  EXPECT_TRUE(analysis.complete);
  EXPECT_THAT(summary(analysis), testing::HasSubstr("shadowed 19<18"));
  EXPECT_THAT(summary(analysis), testing::HasSubstr("contradictory 6<22"));
  EXPECT_THAT(summary(analysis), testing::HasSubstr("shadowed 21<"));
  EXPECT_THAT(summary(analysis), testing::HasSubstr("shadowed 23<"));
  EXPECT_EQ(analysis.findings.size(), 4U) << summary(analysis);
}

std::string many_rules(const std::string& pattern, int count) {
  std::string yaml = "permissions:\n";
  for (int i = 0; i < count; ++i) {
    yaml += fmt::format("  - {{{}, level: ask}}\n", fmt::format(fmt::runtime(pattern), i));
  }
  return yaml;
}

TEST(Analysis, OfThousandsOfRulesThoseThatShareSomethingAreFound) {
  const Analysis tools = analyse(*compile(many_rules("program: tool{}", 2000) +
                                          "  - {argv: [tool7, x], level: allow}\n"
                                          "  - {program: tool1999, level: deny}\n"
                                          "  - {program: tool20, level: ask}\n"
                                          "  - {program: other, level: ask}\n"));
  EXPECT_TRUE(tools.complete);
  EXPECT_EQ(tools.compared, 2004U);
  EXPECT_EQ(summary(tools), "contradictory 2001<2003, shadowed 2002<9, redundant 2004<22");
  const Analysis ends = analyse(*compile(many_rules("pattern: '**/*.e{}', action: read", 600) +
                                         "  - {pattern: 'src/*.e7', action: read, level: allow}\n"
                                         "  - {pattern: 'src/*.f7', action: read, level: ask}\n"));
  EXPECT_TRUE(ends.complete);
  EXPECT_EQ(summary(ends), "shadowed 602<9");
}

TEST(Analysis, SaysHowManyRulesItCompared) {
  const auto policy = compile(many_rules("pattern: '**/d{}/**', action: read", 300) +
                              "  - {program: bash, level: allow}\n");
  const Analysis part = analyse(*policy, 10'000);
  EXPECT_FALSE(part.complete);
  EXPECT_LT(part.compared, 301U);
  EXPECT_THAT(summary(part), testing::HasSubstr("wildcard_allow 302"));
  const Analysis whole = analyse(*policy);
  EXPECT_EQ(whole.compared, 301U);
  EXPECT_EQ(summary(whole), "wildcard_allow 302");
}

TEST(Analysis, WitnessesAreDecidedAsTheFindingSays) {
  const auto policy = compile(
      "permissions:\n"
      "  - {program: git, level: deny}\n"
      "  - {argv: [git, status], level: allow}\n"
      "  - {pattern: 'src/**', action: read, level: deny}\n"
      "  - {pattern: 'src/*.c', action: read, level: ask}\n");
  const Analysis analysis = analyse(*policy);
  ASSERT_EQ(analysis.findings.size(), 2U);
  for (const Finding& finding : analysis.findings) {
    auto request = request_from_json(*finding.witness);
    ASSERT_TRUE(request.has_value());
    request->workspace = "/w";
    const Explanation explanation = policy->explain(*request);
    EXPECT_EQ(explanation.decision.level, Level::kDeny);
    EXPECT_EQ(explanation.decision.rule, finding.by->where);
    EXPECT_EQ(explanation.matches.size(), 2U);
  }
}

TEST(Analysis, RolesAndUntrustedRulesAreNotBlamed) {
  const auto policy = compile(
      "permissions:\n"
      "  - {program: npm, level: deny}\n"
      "roles:\n"
      "  developer:\n"
      "    additional_permissions:\n"
      "      - {argv: [npm, test], level: allow}\n");
  EXPECT_EQ(summary(analyse(*policy)), "clean");
}

TEST(Comparison, ListsWhatIsDecidedDifferently) {
  const auto before = compile(
      "permissions:\n"
      "  - {argv: [git, status], level: allow}\n"
      "  - {pattern: 'src/**', action: write, level: allow}\n"
      "  - {tool: jira__search, level: allow}\n");
  const auto after = compile(
      "permissions:\n"
      "  - {argv: [git], level: allow}\n"
      "  - {pattern: 'src/**', action: write, level: allow}\n"
      "  - {pattern: 'src/*.lock', action: write, level: deny}\n"
      "  - {tool: 'jira__*', level: allow}\n");
  const Comparison comparison = compare(*before, *after);
  EXPECT_TRUE(comparison.complete);
  std::map<std::string, int> ways;
  for (const Difference& one : comparison.differences) {
    EXPECT_NE(one.before.level, one.after.level);
    ++ways[std::string(to_string(one.before.level)) + ">" +
           std::string(to_string(one.after.level))];
  }
  EXPECT_EQ(ways["allow>deny"], 1);
  EXPECT_GE(ways["ask>allow"], 2);
  EXPECT_EQ(ways.size(), 2U);
  EXPECT_TRUE(compare(*after, *after).differences.empty());
}

/// The regions say of each witness just what the globs themselves say.
TEST(Regions, AgreeWithTheGlobs) {
  EXPECT_TRUE(rc::check([] {
    const auto piece = rc::gen::element<std::string>("a", "b", "/", "*", "**", "?", "[ab]", "[!a]",
                                                     "{a,b}", "{a,b/*}", ".", "/**/", "x");
    const auto patterns = *rc::gen::container<std::vector<std::string>>(
        3, rc::gen::map(rc::gen::resize(6, rc::gen::container<std::vector<std::string>>(piece)),
                        [](const std::vector<std::string>& pieces) {
                          return "/" + text::join(pieces, "");
                        }));
    std::vector<text::GlobSequence> languages;
    std::vector<text::Glob> globs;
    for (const std::string& pattern : patterns) {
      auto language = text::parse_glob(pattern, {text::GlobMode::kPath, false});
      auto glob = text::Glob::compile(pattern, {text::GlobMode::kPath, false});
      RC_PRE(language.has_value() && glob.has_value());
      languages.push_back(*std::move(language));
      globs.push_back(*std::move(glob));
    }
    const RegionMap map = regions_of(languages, Texts::kPath, 300);
    for (const Region& region : map.regions) {
      for (std::uint32_t i = 0; i < globs.size(); ++i) {
        const bool member = std::binary_search(region.members.begin(), region.members.end(), i);
        RC_ASSERT(globs[i].matches(region.witness) == member);
      }
    }
    for (const char* path : {"/a", "/b", "/a/b", "/x/a", "/a/b/a", "/ab", "/a.b"}) {
      std::vector<std::uint32_t> members;
      for (std::uint32_t i = 0; i < globs.size(); ++i) {
        if (globs[i].matches(path)) {
          members.push_back(i);
        }
      }
      const bool found = std::any_of(map.regions.begin(), map.regions.end(),
                                     [&](const Region& r) { return r.members == members; });
      RC_ASSERT(found || !map.complete);
    }
  }));
}

TEST(Examples, AreTriedWhenAPolicyIsMade) {
  const auto compiled = [](const std::string& rules) {
    return Policy::compile({{Tier::kUser, "p.yaml", "permissions:\n" + rules}},
                           {.workspace = "/w"});
  };
  EXPECT_TRUE(compiled("  - argv: [git, status]\n"
                       "    level: allow\n"
                       "    match: [git status, 'git status -s']\n"
                       "    not_match: ['git push', 'git log status']\n")
                  .has_value());
  EXPECT_TRUE(
      compiled("  - {pattern: 'src/**', level: deny, match: src/a/b, not_match: [docs/a]}\n"
               "  - {tool: write_file, pattern: 'src/*', level: ask, match: write_file src/a}\n"
               "  - {mcp_server: 'jira*', level: ask, match: [jira, jira2], not_match: git}\n"
               "  - {program: rm, level: deny, match: [{tool: bash, arguments: {command: 'ls; rm "
               "x'}}]}\n")
          .has_value());
  const auto wrong =
      compiled("  - {program: rm, level: deny, match: [rmdir x], not_match: [sudo rm x]}\n");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message(), testing::HasSubstr("p.yaml:2: match: the rule"));
  EXPECT_THAT(wrong.error().message(), testing::HasSubstr("does not match \"rmdir x\""));
  EXPECT_THAT(wrong.error().message(), testing::HasSubstr("matches \"sudo rm x\""));
  EXPECT_THAT(compiled("  - {program: rm, level: deny, match: [1]}\n").error().message(),
              testing::HasSubstr("p.yaml:2: match: expected texts or requests"));
}

TEST(Explain, NamesRulesThatNearlyMatch) {
  const auto policy = compile(
      "permissions:\n"
      "  - {argv: [git, status], level: allow}\n"
      "  - {pattern: 'src/*.c', action: read, level: deny}\n"
      "  - {tool: write_file, action: delete, level: deny}\n"
      "roles:\n"
      "  developer:\n"
      "    additional_permissions:\n"
      "      - {argv: [git, push], level: allow}\n");
  const auto near = [&](std::string_view row) {
    auto request = request_from_json(*case_request(row));
    request->workspace = "/w";
    std::vector<std::string> out;
    for (const NearMiss& miss : policy->explain(*request).near) {
      out.push_back(miss.rule.where + " " + miss.why);
    }
    return out;
  };
  EXPECT_THAT(near("bash git push"), testing::ElementsAre("p.yaml:2 word 2 is 'push', not 'status'",
                                                          "p.yaml:8 it is for the role developer"));
  EXPECT_THAT(near("write_file src/x.c"),
              testing::ElementsAre("p.yaml:3 it is about read, the call is to write",
                                   "p.yaml:4 it is about delete, the call is to execute, write"));
  EXPECT_THAT(near("read_file src/x.h"),
              testing::ElementsAre("p.yaml:3 src/x.h does not match 'src/*.c'"));
  EXPECT_THAT(near("bash ./git status"),
              testing::Contains(testing::HasSubstr("./git is not known to be git")));
}

TEST(Revision, NamesWhatThePolicyDecidesBy) {
  const std::string yaml = "permissions:\n  - {tool: bash, level: ask}\n";
  const auto policy = compile(yaml);
  EXPECT_EQ(policy->revision().size(), 16U);
  EXPECT_EQ(policy->revision(), compile(yaml)->revision());
  EXPECT_NE(policy->revision(),
            compile("permissions:\n  - {tool: bash, level: deny}\n")->revision());
  EXPECT_NE(policy->revision(), compile(yaml, Tier::kManaged)->revision());
}

TEST(Policy, ARuleOfAnotherWorkspaceDoesNotCount) {
  const std::string yaml =
      "permissions:\n"
      "  - {argv: [git, status], level: allow, workspace: /w}\n"
      "  - {program: ls, level: allow, workspace: /other}\n";
  const auto policy = compile(yaml);
  EXPECT_EQ(policy->rules().size(), 1U);
  EXPECT_FALSE(Policy::compile({{Tier::kUser, "p",
                                 "permissions:\n  - {tool: bash, level: allow, "
                                 "workspace: w}\n"}},
                               {.workspace = "/w"})
                   .has_value());
}

TEST(CaseRows, ReadAndTry) {
  const auto rows = read_cases(
      "# comment\n"
      "bash git status => allow 2\n"
      "role developer\n"
      "read_file x => ask builtin/unknown-role\n"
      "{\"tool\":\"bash\",\"arguments\":{\"command\":\"rm x\"}} => deny :3 \"no\"\n",
      "t");
  ASSERT_TRUE(rows.has_value()) << rows.error().message();
  ASSERT_EQ(rows->size(), 3U);
  const auto policy = compile(
      "permissions:\n"
      "  - {argv: [git, status], level: allow}\n"
      "  - {program: rm, level: deny, reason: 'no'}\n");
  for (const CaseRow& row : *rows) {
    EXPECT_EQ(try_case(*policy, row), "") << row.text;
  }
  CaseRow wrong = rows->front();
  wrong.level = Level::kDeny;
  EXPECT_THAT(try_case(*policy, wrong), testing::HasSubstr("allow by p.yaml:2"));
  const auto bad = read_cases("bash ls\nbash ls => maybe\n", "t");
  EXPECT_THAT(bad.error().message(), testing::HasSubstr("t:1: expected REQUEST"));
  EXPECT_THAT(bad.error().message(), testing::HasSubstr("t:2: expected allow, ask or deny"));
}

}  // namespace
}  // namespace oap::permission
