#include "cli/commands/permission.hpp"

#include <functional>
#include <string>

#include <fmt/format.h>

#include "cli/batch.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "permission/builtin_policy.hpp"
#include "permission/engine.hpp"
#include "platform/settings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

json::Object request_object(const PermissionArgs& args, json::Object arguments) {
  json::Object object{{"tool", args.tool}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) {
      object[key] = value;
    }
  };
  put("action", args.perform);
  put("resource", args.resource);
  put("user_id", args.user);
  put("role", args.role);
  object["arguments"] = std::move(arguments);
  return object;
}

int exit_of(Level level) {
  switch (level) {
    case Level::kAllow:
      return 0;
    case Level::kAsk:
      return 4;
    case Level::kDeny:
      return 3;
  }
  return 3;
}

Result<permission::Request> request_of(const json::Value& value, const std::string& workspace) {
  OAP_TRY(permission::Request request, permission::request_from_json(value));
  if (request.workspace.empty()) {
    request.workspace = workspace;
  }
  return request;
}

json::Value rules_of(const permission::Policy& policy) {
  json::Array rules;
  for (const permission::Rule& rule : policy.rules()) {
    rules.push_back(json::Object{{"rule", rule.describe()},
                                 {"action", to_string(rule.action)},
                                 {"level", to_string(rule.level)},
                                 {"tier", to_string(rule.tier)},
                                 {"role", rule.role},
                                 {"where", rule.where},
                                 {"reason", rule.reason}});
  }
  json::Array warnings;
  for (const std::string& warning : policy.warnings()) {
    warnings.emplace_back(warning);
  }
  json::Array builtin;
  if (!policy.options().replace_builtin) {
    for (const std::string& line : permission::builtin_policy_text()) {
      builtin.emplace_back(line);
    }
  }
  return json::Object{
      {"rules", std::move(rules)},
      {"builtin", std::move(builtin)},
      {"default_permission", policy.options().default_permission
                                 ? json::Value(to_string(*policy.options().default_permission))
                                 : json::Value(nullptr)},
      {"warnings", std::move(warnings)},
      {"revision", policy.revision()}};
}

std::string text_of(const permission::Explanation& explanation) {
  const Decision& decision = explanation.decision;
  const auto shown = [](const std::string& part) { return text::escape_visible(part); };
  std::string text = fmt::format(
      "{}: {}\n  rule: {}\n  mode: {}\n", to_string(decision.level), shown(decision.reason),
      decision.rule.empty() ? "(default)" : decision.rule, explanation.mode);
  for (const std::string& facet : explanation.facets) {
    text += "  asks for: " + shown(facet) + "\n";
  }
  for (const permission::RuleMatch& match : explanation.matches) {
    text += fmt::format("  {} {} ({}) matches {}{}{}\n", match.rule.where,
                        to_string(match.rule.level), match.rule.describe(), shown(match.facet),
                        match.counted ? "" : ", does not count",
                        match.note.empty() ? "" : ": " + shown(match.note));
  }
  for (const std::string& floor : explanation.floors) {
    text += "  " + shown(floor) + "\n";
  }
  for (const permission::NearMiss& miss : explanation.near) {
    text += fmt::format("  {} {} ({}) nearly matches: {}\n", miss.rule.where,
                        to_string(miss.rule.level), miss.rule.describe(), shown(miss.why));
  }
  return text + "  policy revision: " + explanation.revision + "\n";
}

/// A line that is no request still gets its one answer, so that lines can be paired.
json::Object refused_line(const Error& error) {
  return {{"decision", nullptr},
          {"rule", nullptr},
          {"reason", "this line is no request"},
          {"error", error.message()}};
}

json::Object answer_line(const permission::Engine& engine, const std::string& line,
                         const PermissionArgs& args, const std::string& workspace) {
  const auto parsed = json::parse(line);
  if (!parsed) {
    return refused_line(parsed.error());
  }
  json::Value value = *parsed;
  if (value.is_object()) {
    for (const auto& [key, given] : {std::pair{"role", args.role}, {"user_id", args.user}}) {
      if (!given.empty() && !value.get_object().contains(key)) {
        value.get_object()[key] = given;
      }
    }
  }
  auto request = request_of(value, workspace);
  if (!request) {
    return refused_line(request.error());
  }
  return permission::to_json(engine.decide(*request));
}

int batch(const permission::Engine& engine, const PermissionArgs& args,
          const std::string& workspace) {
  const std::size_t unread = answer_lines(
      [&](const std::string& line) { return answer_line(engine, line, args, workspace); });
  return unread == 0 ? 0 : exit_code(Code::kUsage);
}

int explain(const permission::Engine& engine, const permission::Request& request, bool as_json) {
  const permission::Explanation explanation = engine.explain(request);
  if (as_json) {
    print_json(permission::to_json(explanation));
  } else {
    print(text_of(explanation));
  }
  return exit_of(explanation.decision.level);
}

}  // namespace

namespace {

/// One request of the command line: check or explain.
int decide_one(const permission::Engine& engine, const PermissionArgs& args,
               const std::string& workspace, bool as_json) {
  if (args.tool.empty()) {
    return report(Error(Code::kUsage, "--tool is needed (or --batch)"), as_json);
  }
  json::Object arguments;
  if (!args.arguments.empty()) {
    auto parsed = json::parse_object(args.arguments);
    if (!parsed) {
      return report(Error(Code::kUsage, "--arguments: " + parsed.error().message()), as_json);
    }
    arguments = *std::move(parsed);
  }
  const auto request =
      request_of(json::Value(request_object(args, std::move(arguments))), workspace);
  if (!request) {
    return report(Error(Code::kUsage, request.error().message()), as_json);
  }
  if (args.action == PermissionArgs::Action::kExplain) {
    return explain(engine, *request, as_json);
  }
  const Decision decision = engine.decide(*request);
  if (as_json) {
    print_json(permission::to_json(decision));
  } else {
    print(fmt::format("{}\n  rule: {}\n  {}\n", to_string(decision.level),
                      decision.rule.empty() ? "(default)" : decision.rule,
                      text::escape_visible(decision.reason)));
  }
  return exit_of(decision.level);
}

using PolicyOf =
    std::function<Result<std::shared_ptr<const permission::Policy>>(const std::string& file)>;

int diff(const PolicyOf& policy_of, const PermissionArgs& args, bool as_json) {
  const auto before = policy_of(args.file);
  if (!before) {
    return report(before.error(), as_json);
  }
  const auto after = policy_of(args.after);
  return after ? permission_diff(**before, **after, as_json) : report(after.error(), as_json);
}

int with_policy(const permission::Policy& policy, const PermissionArgs& args, bool as_json) {
  if (args.action == PermissionArgs::Action::kLint) {
    return permission_lint(policy, as_json);
  }
  if (args.action == PermissionArgs::Action::kTest) {
    return permission_test(policy, args.file, as_json);
  }
  const json::Value rules = rules_of(policy);
  print(as_json ? json::print(rules) + "\n" : json::print_pretty(rules) + "\n");
  return 0;
}

}  // namespace

int permission_command(const Common& common, const PermissionArgs& args) {
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  using Action = PermissionArgs::Action;
  if (args.action == Action::kSet) {
    return permission_set(*settings, args.rule, args.clear, common.json);
  }
  const PolicyOf policy_of = [&](const std::string& file) {
    return platform::compile_policy(*settings,
                                    file.empty() ? std::nullopt : std::optional<std::string>(file));
  };
  if (args.action == Action::kDiff) {
    return diff(policy_of, args, common.json);
  }
  const auto policy = policy_of(args.policy);
  if (!policy) {
    return report(policy.error(), common.json);
  }
  if (const std::string notice = platform::trust_notice(*settings); !notice.empty()) {
    print_error(notice);
  }
  if (args.action != Action::kCheck && args.action != Action::kExplain) {
    return with_policy(**policy, args, common.json);
  }
  const permission::Engine engine(*policy);
  return args.batch ? batch(engine, args, settings->paths.workspace)
                    : decide_one(engine, args, settings->paths.workspace, common.json);
}

}  // namespace oap::cli
