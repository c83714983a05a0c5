#include "permission/analysis.hpp"

namespace oap::permission {

std::string_view to_string(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kShadowed:
      return "shadowed";
    case Finding::Kind::kRedundant:
      return "redundant";
    case Finding::Kind::kContradictory:
      return "contradictory";
    case Finding::Kind::kNeverMatches:
      return "never_matches";
    case Finding::Kind::kWildcardAllow:
      return "wildcard_allow";
  }
  return "shadowed";
}

json::Object to_json(const Analysis& analysis) {
  json::Array findings;
  for (const Finding& finding : analysis.findings) {
    json::Object one{
        {"kind", to_string(finding.kind)},      {"rule", finding.rule.where},
        {"tier", to_string(finding.rule.tier)}, {"level", to_string(finding.rule.level)},
        {"what", finding.rule.describe()},      {"message", finding.message}};
    one["by"] = finding.by ? json::Value(finding.by->where) : json::Value(nullptr);
    one["witness"] = finding.witness ? json::Value(*finding.witness) : json::Value(nullptr);
    findings.emplace_back(std::move(one));
  }
  return {{"findings", std::move(findings)},
          {"complete", analysis.complete},
          {"compared", analysis.compared}};
}

}  // namespace oap::permission
