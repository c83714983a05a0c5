#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "permission/analysis.hpp"
#include "permission/case_rows.hpp"

namespace oap::permission {
namespace {

rc::Gen<std::vector<std::string>> any_rules() {
  const auto subject = rc::gen::element<std::string>(
      "tool: bash", "tool: '*'", "tool: read_file", "tool: write_file", "pattern: 'src/**'",
      "pattern: 'src/*.c', action: read", "pattern: '**/*.c'", "pattern: 'a/**', action: write",
      "pattern: '**', action: read", "program: git", "program: npm", "program: 'g*'",
      "argv: [git, status]", "argv: [git, push]", "tool: bash, pattern: 'git *'",
      "tool: bash, pattern: 'npm run *'", "tool: bash, pattern: '*'",
      "tool: bash, pattern: 'git s*'", "mcp_server: jira", "tool: jira__x", "tool: 'jira__*'");
  const auto level = rc::gen::element<std::string>("allow", "ask", "deny");
  return rc::gen::resize(6, rc::gen::container<std::vector<std::string>>(rc::gen::apply(
                                [](const std::string& what, const std::string& how) {
                                  return fmt::format("  - {{{}, level: {}}}\n", what, how);
                                },
                                subject, level)));
}

std::shared_ptr<const Policy> compile(const std::vector<std::string>& rules) {
  std::string yaml = rules.empty() ? "permissions: []\n" : "permissions:\n";
  for (const std::string& rule : rules) {
    yaml += rule;
  }
  auto policy = Policy::compile({{Tier::kUser, "p", yaml}}, {.workspace = "/w"});
  RC_ASSERT(policy.has_value());
  return *policy;
}

Request request_of(const json::Object& object) {
  Request request = request_from_json(object).value_or(Request{});
  request.workspace = "/w";
  return request;
}

/// The file's rule that decides; which of several floors asks besides is not told of each text.
std::string file_rule(const Decision& decision) {
  return decision.rule.starts_with("p:") ? decision.rule : std::string();
}

std::vector<json::Object> samples() {
  std::vector<json::Object> out;
  for (const char* row : {"bash git status",
                          "bash git push",
                          "bash git",
                          "bash git stash",
                          "bash git log",
                          "bash npm",
                          "bash npm run x",
                          "bash npm x",
                          "bash go",
                          "bash ls",
                          "bash x y",
                          "read_file src/a.c",
                          "read_file src/a/b.c",
                          "read_file src/x",
                          "read_file a/x",
                          "read_file b.c",
                          "read_file x",
                          "write_file src/a.c",
                          "write_file src/x",
                          "write_file a/b.c",
                          "write_file a/x",
                          "write_file x.c",
                          "write_file x",
                          "call jira__x",
                          "call jira__y",
                          "call git__x"}) {
    out.push_back(*case_request(row));
  }
  return out;
}

TEST(AnalysisProperty, WitnessesAreDecidedAsTheirFindingsSay) {
  EXPECT_TRUE(rc::check([] {
    const auto policy = compile(*any_rules());
    for (const Finding& finding : analyse(*policy).findings) {
      if (!finding.witness) {
        continue;
      }
      const Decision decision = policy->decide(request_of(*finding.witness));
      if (finding.kind == Finding::Kind::kWildcardAllow) {
        RC_ASSERT(decision.level == Level::kAllow);
      } else {
        RC_ASSERT(decision.rule != finding.rule.where);
        RC_ASSERT(decision.level >= finding.rule.level);
      }
    }
  }));
}

TEST(ComparisonProperty, EachDifferenceIsReal) {
  EXPECT_TRUE(rc::check([] {
    const auto before = compile(*any_rules());
    const auto after = compile(*any_rules());
    for (const Difference& one : compare(*before, *after).differences) {
      Request request = request_of(one.request);
      request.principal.role = one.role;
      RC_ASSERT(before->decide(request).level == one.before.level);
      RC_ASSERT(after->decide(request).level == one.after.level);
      RC_ASSERT(one.before.level != one.after.level);
    }
  }));
}

TEST(ComparisonProperty, WhatSamplesShowIsAmongTheDifferences) {
  const std::vector<json::Object> requests = samples();
  EXPECT_TRUE(rc::check([&] {
    const auto before = compile(*any_rules());
    const auto after = compile(*any_rules());
    const Comparison comparison = compare(*before, *after);
    RC_PRE(comparison.complete);
    for (const json::Object& object : requests) {
      const Decision b = before->decide(request_of(object));
      const Decision a = after->decide(request_of(object));
      if (a.level == b.level) {
        continue;
      }
      const bool told = std::any_of(
          comparison.differences.begin(), comparison.differences.end(), [&](const Difference& one) {
            return one.before.level == b.level && one.after.level == a.level &&
                   file_rule(one.before) == file_rule(b) && file_rule(one.after) == file_rule(a);
          });
      if (!told) {
        RC_LOG() << json::Value(object) << " " << b.rule << " " << a.rule;
      }
      RC_ASSERT(told);
    }
  }));
}

}  // namespace
}  // namespace oap::permission
