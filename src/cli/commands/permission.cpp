#include <iostream>
#include <string>

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "permission/builtin_policy.hpp"
#include "permission/engine.hpp"
#include "platform/settings.hpp"

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
      {"warnings", std::move(warnings)}};
}

std::string text_of(const permission::Explanation& explanation) {
  const Decision& decision = explanation.decision;
  std::string text =
      fmt::format("{}: {}\n  rule: {}\n  mode: {}\n", to_string(decision.level), decision.reason,
                  decision.rule.empty() ? "(default)" : decision.rule, explanation.mode);
  for (const std::string& facet : explanation.facets) {
    text += "  asks for: " + facet + "\n";
  }
  for (const permission::RuleMatch& match : explanation.matches) {
    text +=
        fmt::format("  {} {} ({}) matches {}{}{}\n", match.rule.where, to_string(match.rule.level),
                    match.rule.describe(), match.facet, match.counted ? "" : ", does not count",
                    match.note.empty() ? "" : ": " + match.note);
  }
  for (const std::string& floor : explanation.floors) {
    text += "  " + floor + "\n";
  }
  return text;
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
  std::string line;
  while (std::getline(std::cin, line)) {
    print_json(answer_line(engine, line, args, workspace));
  }
  return 0;
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

int permission_command(const Common& common, const PermissionArgs& args) {
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.trust = common.trust;
  const auto settings = platform::load_settings(options);
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const auto policy = platform::compile_policy(
      *settings, args.policy.empty() ? std::nullopt : std::optional<std::string>(args.policy));
  if (!policy) {
    return report(policy.error(), common.json);
  }
  if (const std::string notice = platform::trust_notice(*settings); !notice.empty()) {
    print_error(notice);
  }
  if (args.action == PermissionArgs::Action::kShow) {
    const json::Value rules = rules_of(**policy);
    print(common.json ? json::print(rules) + "\n" : json::print_pretty(rules) + "\n");
    return 0;
  }
  const permission::Engine engine(*policy);
  const std::string& workspace = settings->paths.workspace;
  if (args.batch) {
    return batch(engine, args, workspace);
  }
  if (args.tool.empty()) {
    return report(Error(Code::kUsage, "--tool is needed (or --batch)"), common.json);
  }
  json::Object arguments;
  if (!args.arguments.empty()) {
    auto parsed = json::parse_object(args.arguments);
    if (!parsed) {
      return report(Error(Code::kUsage, "--arguments: " + parsed.error().message()), common.json);
    }
    arguments = *std::move(parsed);
  }
  const auto request =
      request_of(json::Value(request_object(args, std::move(arguments))), workspace);
  if (!request) {
    return report(Error(Code::kUsage, request.error().message()), common.json);
  }
  if (args.action == PermissionArgs::Action::kExplain) {
    return explain(engine, *request, common.json);
  }
  const Decision decision = engine.decide(*request);
  if (common.json) {
    print_json(permission::to_json(decision));
  } else {
    print(fmt::format("{}\n  rule: {}\n  {}\n", to_string(decision.level),
                      decision.rule.empty() ? "(default)" : decision.rule, decision.reason));
  }
  return exit_of(decision.level);
}

}  // namespace oap::cli
