#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/commands/permission.hpp"
#include "cli/output.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "permission/analysis.hpp"
#include "permission/case_rows.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

std::string shown(const json::Object& request) {
  return text::escape_visible(json::print(json::Value(request)));
}

std::string text_of(const permission::Analysis& analysis) {
  std::string out;
  for (const permission::Finding& finding : analysis.findings) {
    out += fmt::format("{}: {} ({}, {}): {}\n", finding.rule.where, to_string(finding.kind),
                       text::escape_visible(finding.rule.describe()), to_string(finding.rule.level),
                       text::escape_visible(finding.message));
    if (finding.witness) {
      out += "  for example " + shown(*finding.witness) + "\n";
    }
  }
  return out;
}

std::string text_of(const permission::Comparison& comparison) {
  std::string out;
  for (const permission::Difference& one : comparison.differences) {
    const auto side = [](const Decision& decision) {
      return fmt::format("{} by {}", to_string(decision.level),
                         decision.rule.empty() ? "default" : decision.rule);
    };
    out +=
        fmt::format("{}{}\n  before: {}\n  after:  {}\n", shown(one.request),
                    one.role == "user" ? "" : " as " + one.role, side(one.before), side(one.after));
  }
  return out;
}

void note_incomplete(bool complete) {
  if (!complete) {
    print_error("the rules are too intricate to look at every case; this is what was found");
  }
}

}  // namespace

int permission_lint(const permission::Policy& policy, bool as_json) {
  const permission::Analysis analysis = permission::analyse(policy);
  json::Object object = permission::to_json(analysis);
  json::Array warnings;
  for (const std::string& warning : policy.warnings()) {
    warnings.emplace_back(warning);
  }
  const bool clean = analysis.findings.empty() && policy.warnings().empty();
  object["warnings"] = std::move(warnings);
  object["rules"] = policy.rules().size();
  object["revision"] = policy.revision();
  if (as_json) {
    print_json(object);
    return clean ? 0 : 1;
  }
  print(text_of(analysis));
  for (const std::string& warning : policy.warnings()) {
    print(warning + "\n");
  }
  print(clean ? fmt::format("{} rules, nothing to say\n", policy.rules().size()) : "");
  if (analysis.compared < policy.rules().size()) {
    print_error(
        fmt::format("compared the first {} of {} rules with the others; those behind them "
                    "were only looked at by themselves",
                    analysis.compared, policy.rules().size()));
  } else {
    note_incomplete(analysis.complete);
  }
  return clean ? 0 : 1;
}

int permission_diff(const permission::Policy& before, const permission::Policy& after,
                    bool as_json) {
  const permission::Comparison comparison = permission::compare(before, after);
  if (as_json) {
    print_json(permission::to_json(comparison));
  } else {
    print(comparison.differences.empty() ? "no difference\n" : text_of(comparison));
    note_incomplete(comparison.complete);
  }
  return comparison.differences.empty() ? 0 : 1;
}

int permission_test(const permission::Policy& policy, const std::string& file, bool as_json) {
  const auto text = os::read_file(file);
  if (!text) {
    return report(Error(Code::kUsage, text.error().to_string()), as_json);
  }
  const auto rows = permission::read_cases(*text, file);
  if (!rows) {
    return report(Error(Code::kUsage, rows.error().message()), as_json);
  }
  json::Array failures;
  std::string told;
  for (const permission::CaseRow& row : *rows) {
    const std::string instead = permission::try_case(policy, row);
    if (!instead.empty()) {
      failures.push_back(json::Object{{"line", row.line}, {"row", row.text}, {"decided", instead}});
      told += fmt::format("{}:{}: {}\n  decided: {}\n", file, row.line,
                          text::escape_visible(row.text), text::escape_visible(instead));
    }
  }
  const std::size_t failed = failures.size();
  const std::size_t passed = rows->size() - failed;
  if (as_json) {
    print_json({{"passed", passed}, {"failed", failed}, {"failures", std::move(failures)}});
  } else {
    print(told + fmt::format("{} passed, {} failed\n", passed, failed));
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace oap::cli
