#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/version.hpp"
#include "config/load.hpp"
#include "config/trust.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/factory.hpp"
#include "os/file.hpp"
#include "platform/agents.hpp"
#include "platform/settings.hpp"
#include "platform/skill_settings.hpp"
#include "router/router.hpp"
#include "text/strings.hpp"
#include "tools/serve.hpp"

namespace oap::cli {
namespace {

platform::SettingsOptions options_of(const Common& common) {
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.trust = common.trust;
  return options;
}

/// What only shows when a run begins: model names and prompt files.
std::vector<std::string> agent_problems(const config::Config& config) {
  std::vector<std::string> providers;
  for (const auto& [name, provider] : config.providers) {
    providers.push_back(name);
  }
  std::vector<std::string> problems;
  const config::Agents& agents = config.agents;
  for (const auto& [name, agent] :
       {std::pair<const char*, const config::AgentConfig&>{"commander", agents.commander},
        {"planner", agents.planner},
        {"executor", agents.executor},
        {"reviewer", agents.reviewer}}) {
    if (!agent.model.empty()) {
      if (const auto model = llm::parse_model(agent.model, providers); !model) {
        problems.push_back(
            fmt::format("{}: agents.{}.model: {}", agent.origin, name, model.error().message()));
      }
    }
    if (!agent.system_prompt_file.empty() && !os::exists(agent.system_prompt_file)) {
      problems.push_back(
          fmt::format("agents.{}.system_prompt_file: no file {}", name, agent.system_prompt_file));
    }
  }
  return problems;
}

int check_config(const Common& common) {
  config::PathOptions where;
  if (!common.workspace.empty()) {
    where.workspace = common.workspace;
  }
  const auto paths = config::resolve_paths(where);
  if (!paths) {
    return report(paths.error(), common.json);
  }
  config::LoadOptions load;
  load.paths = *paths;
  load.trust = common.trust;
  const config::Loaded loaded = config::load_all(load);
  json::Array problems;
  std::string text;
  for (const config::Problem& problem : loaded.problems) {
    const std::string line = problem.to_string();
    problems.emplace_back(line);
    text += line + "\n";
  }
  for (const std::string& line : agent_problems(loaded.config)) {
    problems.emplace_back(line);
    text += line + "\n";
  }
  if (loaded.problems.empty()) {
    const auto policy = platform::compile_policy({*paths, loaded.config, load.env});
    if (!policy) {
      problems.emplace_back(policy.error().to_string());
      text += policy.error().to_string() + "\n";
    }
  }
  const bool ok = problems.empty();
  if (!loaded.config.withheld.empty()) {
    print_error("not checked in full, because the folder is not trusted: " +
                fmt::format("{}", fmt::join(loaded.config.withheld, ", ")));
  }
  if (common.json) {
    json::Array files;
    for (const std::string& file : loaded.config.files) {
      files.emplace_back(file);
    }
    json::Array warnings;
    for (const std::string& warning : loaded.config.warnings) {
      warnings.emplace_back(warning);
    }
    print_json(json::Object{{"ok", ok},
                            {"problems", std::move(problems)},
                            {"warnings", std::move(warnings)},
                            {"files", std::move(files)}});
    return ok ? 0 : 2;
  }
  for (const std::string& warning : loaded.config.warnings) {
    print_error("warning: " + warning);
  }
  if (!ok) {
    print_message(text, false);
    return 2;
  }
  print(loaded.config.files.empty()
            ? std::string("no configuration files; the defaults hold\n")
            : fmt::format("{}: good\n", fmt::join(loaded.config.files, ", ")));
  return 0;
}

}  // namespace

int route_command(const Common& common, const RouteArgs& args) {
  if (text::trim(args.prompt).empty()) {
    return report(Error(Code::kUsage, "the task is empty"), common.json);
  }
  const auto settings = platform::load_settings(options_of(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const auto options = platform::orchestrator_options(settings->config);
  const router::RouteDecision decision = router::route(args.prompt, options.routing);
  if (common.json) {
    print_json(router::to_json(decision));
    return 0;
  }
  std::string text = fmt::format("{}\n  decided by {}: {}\n", to_string(decision.path),
                                 decision.rule, decision.reason);
  for (const router::Check& check : decision.checks) {
    text += fmt::format("  {} {:<22} {} (limit {})\n", check.passed ? "✓" : "✗", check.name,
                        check.value, check.limit);
  }
  print(text);
  return 0;
}

int config_command(const Common& common, const ConfigArgs& args) {
  switch (args.action) {
    case ConfigArgs::Action::kCheck:
      return check_config(common);
    case ConfigArgs::Action::kSchema: {
      const std::string schema = config::schema(args.schema);
      if (schema.empty()) {
        return report(Error(Code::kUsage, fmt::format("no schema '{}'; there are: {}", args.schema,
                                                      fmt::join(config::schema_names(), ", "))));
      }
      print(schema);
      return 0;
    }
    case ConfigArgs::Action::kShow: {
      const auto settings = platform::load_settings(options_of(common));
      if (!settings) {
        return report(settings.error(), common.json);
      }
      const json::Value shown = config::to_json(settings->config);
      if (common.json) {
        print_json(shown);
      } else {
        print(json::print_pretty(shown) + "\n");
      }
      return 0;
    }
  }
  return 1;
}

int trust_command(const Common& common, const TrustArgs& args) {
  platform::SettingsOptions options = options_of(common);
  if (!args.directory.empty()) {
    options.workspace = args.directory;
  }
  options.trust = true;
  const auto settings = platform::load_settings(options);
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const config::Paths& paths = settings->paths;
  if (args.revoke) {
    const auto revoked = config::revoke_trust(paths);
    if (!revoked) {
      return report(revoked.error(), common.json);
    }
    if (common.json) {
      print_json(json::Object{{"workspace", paths.workspace}, {"trusted", false}});
    } else {
      print(paths.workspace + (*revoked ? ": trust taken back\n" : ": was not trusted\n"));
    }
    return 0;
  }
  const auto state = config::create_state_dir(paths);
  const auto recorded =
      state ? config::record_trust(paths, settings->config.digests) : Result<void>(state);
  if (!recorded) {
    return report(recorded.error(), common.json);
  }
  if (const auto forgotten = skills::forget_project(platform::library_options(*settings));
      !forgotten) {
    return report(forgotten.error(), common.json);
  }
  json::Array commands;
  std::string text = paths.workspace + ": trusted\n";
  for (const auto& [name, command] : settings->config.commands) {
    commands.emplace_back(name + ": " + command);
    text += "  " + name + ": " + command + "\n";
  }
  json::Array skills;
  platform::Settings now = *settings;
  now.loaded_with.trust = false;
  for (const skills::Entry& entry : platform::look_at_skills(now).entries) {
    if (entry.scope == skills::Scope::kProject) {
      skills.push_back(skills::to_json(entry));
      text += fmt::format("  skill {}: {}{}\n", entry.skill.name, to_string(entry.state),
                          entry.why.empty() ? "" : ": " + entry.why);
    }
  }
  if (common.json) {
    print_json(json::Object{{"workspace", paths.workspace},
                            {"trusted", true},
                            {"commands", std::move(commands)},
                            {"skills", std::move(skills)}});
  } else {
    print(text);
  }
  return 0;
}

int sandbox_server_command(const Common& common, const SandboxServerArgs& args) {
  config::PathOptions where;
  if (!common.workspace.empty()) {
    where.workspace = common.workspace;
  }
  const auto paths = config::resolve_paths(where);
  if (!paths) {
    return report(paths.error());
  }
  tools::ServeOptions options;
  options.workspace = paths->workspace;
  sandbox::Spec& child = options.child;
  child.limits.memory_bytes = args.memory_bytes;
  child.limits.cpu_percent = args.cpu_percent;
  child.limits.disk_bytes = args.disk_bytes;
  child.limits.processes = args.processes;
  child.limits.network = !args.no_network && args.hosts.empty();
  child.hosts = args.no_network ? std::vector<std::string>() : args.hosts;
  child.protect = args.protect;
  child.unprotect = args.unprotect;
  child.readable = args.readable;
  child.hold_git = !args.tell_git;
  auto require = sandbox::parse_kinds(args.require);
  if (!require) {
    return report(require.error());
  }
  child.require = *std::move(require);
  if (const char* const given = std::getenv("OAP_TOOL_ENVIRONMENT"); given != nullptr) {
    const auto variables = json::parse_object(given);
    for (const auto& one : variables.value_or(json::Object{})) {
      if (one.value().is_string()) {
        child.env[one.key()] = json::view(one.value().get_string());
      }
    }
  }
  options.capabilities = args.capabilities;
  if (!args.agent_tools.empty()) {
    const auto context = json::parse(args.agent_tools);
    if (!context || !context->is_object()) {
      return report(Error(Code::kUsage, "--agent-tools is for this program itself"));
    }
    options.agent = tools::agent_context_from(*context);
  }
  return tools::serve_sandbox(options);
}

int version_command(const Common& common, const VersionArgs& /*args*/) {
  if (common.json) {
    print_json(json::Object{{"name", "oap"}, {"version", version().substr(4)}});
  } else {
    print(std::string(version()) + "\n");
  }
  return 0;
}

}  // namespace oap::cli
