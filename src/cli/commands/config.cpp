#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "config/load.hpp"
#include "json/print.hpp"
#include "llm/factory.hpp"
#include "os/file.hpp"
#include "text/nearest.hpp"

namespace oap::cli {
namespace {

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

json::Array array_of(const std::vector<std::string>& lines) {
  json::Array array;
  for (const std::string& line : lines) {
    array.emplace_back(line);
  }
  return array;
}

/// Every fault of the files, and of what they say together.
std::vector<std::string> all_problems(const config::Paths& paths, const config::Loaded& loaded,
                                      const config::LoadOptions& load) {
  std::vector<std::string> lines;
  for (const config::Problem& problem : loaded.problems) {
    lines.push_back(problem.to_string());
  }
  for (std::string& line : agent_problems(loaded.config)) {
    lines.push_back(std::move(line));
  }
  if (loaded.problems.empty()) {
    if (const auto policy = platform::compile_policy({paths, loaded.config, load.env}); !policy) {
      lines.push_back(policy.error().to_string());
    }
  }
  return lines;
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
  const config::Config& config = loaded.config;
  const std::vector<std::string> problems = all_problems(*paths, loaded, load);
  const bool ok = problems.empty();
  if (!config.withheld.empty()) {
    print_error("not checked in full, because the folder is not trusted: " +
                fmt::format("{}", fmt::join(config.withheld, ", ")));
  }
  if (common.json) {
    print_json(json::Object{{"ok", ok},
                            {"problems", array_of(problems)},
                            {"warnings", array_of(config.warnings)},
                            {"files", array_of(config.files)}});
    return ok ? 0 : 2;
  }
  for (const std::string& warning : config.warnings) {
    print_error("warning: " + warning);
  }
  if (!ok) {
    print_message(fmt::format("{}\n", fmt::join(problems, "\n")), false);
    return 2;
  }
  print(config.files.empty() ? std::string("no configuration files; the defaults hold\n")
                             : fmt::format("{}: good\n", fmt::join(config.files, ", ")));
  return 0;
}

int show_config(const Common& common) {
  const auto settings = platform::load_settings(settings_options(common));
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

int show_schema(const std::string& name) {
  const std::string schema = config::schema(name);
  if (schema.empty()) {
    return report(Error(Code::kUsage, fmt::format("no schema '{}'{}; there are: {}", name,
                                                  text::did_you_mean(name, config::schema_names()),
                                                  fmt::join(config::schema_names(), ", "))));
  }
  print(schema);
  return 0;
}

}  // namespace

int config_command(const Common& common, const ConfigArgs& args) {
  switch (args.action) {
    case ConfigArgs::Action::kCheck:
      return check_config(common);
    case ConfigArgs::Action::kSchema:
      return show_schema(args.schema);
    case ConfigArgs::Action::kShow:
      return show_config(common);
  }
  return 1;
}

}  // namespace oap::cli
