#include "permission/examples.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "json/print.hpp"
#include "permission/evaluation.hpp"

namespace oap::permission {
namespace {

Result<Request> request_of(const Rule& rule, const json::Value& example) {
  if (example.is_object()) {
    return request_from_json(example);
  }
  const std::string text(json::view(example.get_string()));
  Request request;
  request.action = "execute";
  switch (rule.scope) {
    case Scope::kCommand:
      request.tool = "bash";
      request.arguments["command"] = text;
      break;
    case Scope::kFilePattern:
      request.tool = "file_ops";
      request.action = rule.action == Action::kAny ? "read" : to_string(rule.action);
      request.resource = text;
      break;
    case Scope::kTool: {
      if (rule.pattern == "bash" || rule.pattern == "run_command") {
        request.tool = rule.pattern;
        request.arguments["command"] = text;
        break;
      }
      const std::size_t blank = text.find(' ');
      request.tool = text.substr(0, blank);
      request.resource = blank == std::string::npos ? "" : text.substr(blank + 1);
      request.action = rule.action == Action::kAny ? "execute" : to_string(rule.action);
      break;
    }
    case Scope::kMcpServer:
      request.server = text;
      request.tool = "example";
      request.action = "invoke";
      break;
  }
  return request;
}

bool matches(const Rule& rule, const Facets& facets, std::string_view workspace) {
  Compiled compiled;
  auto one = compile_rule(rule, workspace);
  if (!one) {
    return false;
  }
  compiled.index.add(*one, 0);
  compiled.rules.push_back(*std::move(one));
  compiled.everyone.rank = {0};
  compiled.everyone.any_command = rule.scope == Scope::kCommand;
  Evaluation evaluation(compiled, facets, compiled.everyone);
  evaluation.decide();
  Explanation explanation;
  evaluation.explain(explanation);
  return std::any_of(explanation.matches.begin(), explanation.matches.end(),
                     [](const RuleMatch& match) { return match.counted; });
}

}  // namespace

void check_examples(const std::vector<Rule>& rules, std::string_view workspace,
                    const FacetContext& context, std::vector<std::string>& faults) {
  for (const Rule& rule : rules) {
    const auto check = [&](const json::Value& example, bool wanted) {
      const char* const key = wanted ? "match" : "not_match";
      auto request = request_of(rule, example);
      if (!request) {
        faults.push_back(fmt::format("{}: {}: {}", rule.where, key, request.error().message()));
        return;
      }
      request->workspace = std::string(workspace);
      Facets facets = derive_facets(*request, context);
      facets.request = std::make_shared<const Request>(*request);
      if (matches(rule, facets, workspace) != wanted) {
        faults.push_back(fmt::format("{}: {}: the rule ({}) {} {}", rule.where, key,
                                     rule.describe(), wanted ? "does not match" : "matches",
                                     json::print(example)));
      }
    };
    for (const json::Value& example : rule.match) {
      check(example, true);
    }
    for (const json::Value& example : rule.not_match) {
      check(example, false);
    }
  }
}

}  // namespace oap::permission
