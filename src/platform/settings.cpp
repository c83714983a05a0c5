#include "platform/settings.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "migration/in_place.hpp"
#include "os/file.hpp"
#include "platform/hook_programs.hpp"
#include "platform/live_policy.hpp"
#include "platform/own_agents.hpp"
#include "tools/builtin.hpp"

namespace oap::platform {
namespace {

permission::Tier tier_of(std::string_view name) {
  if (name == "managed") {
    return permission::Tier::kManaged;
  }
  return name == "user" ? permission::Tier::kUser : permission::Tier::kProject;
}

}  // namespace

Result<Settings> load_settings(const SettingsOptions& options) {
  config::PathOptions where;
  if (!options.workspace.empty()) {
    where.workspace = options.workspace;
  }
  where.cwd = options.folder;
  where.env = options.env;
  where.managed_dir = options.managed_dir;
  Settings settings;
  settings.loaded_with = options;
  settings.env = options.env;
  auto paths = config::resolve_paths(where);
  if (!paths) {
    const Error& error = paths.error();
    const bool named_wrongly =
        error.code() == Code::kNotFound || error.code() == Code::kInvalidArgument;
    return fail(named_wrongly ? Error(Code::kUsage, error.to_string()) : error);
  }
  settings.paths = *std::move(paths);
  config::LoadOptions load;
  load.paths = settings.paths;
  load.env = options.env;
  load.trust = options.trust;
  programs::HookSet hooks;
  load.commands = [&](bool reads_others) {
    return hook_commands(settings.paths, reads_others, hooks);
  };
  OAP_TRY(settings.config, config::load(load));
  settings.hooks = counted_hooks(std::move(hooks), settings.config.trusted);
  for (const std::string& warning : settings.hooks.warnings) {
    settings.config.warnings.push_back(warning);
  }
  if (options.sets_log_level) {
    log::set_level(settings.config.platform.log_level);
  }
  return settings;
}

Result<std::shared_ptr<const permission::Policy>> compile_policy(
    const Settings& settings, const std::optional<std::string>& policy_file) {
  permission::PolicyOptions options;
  options.workspace = settings.paths.workspace;
  options.default_permission = settings.config.security.default_permission;
  options.require_approval_for = settings.config.security.require_approval_for;
  options.trusted_project = settings.config.trusted;
  options.replace_builtin = policy_file.has_value();
  for (const ToolSpec& spec : tools::builtin_specs()) {
    options.known_tools.push_back(spec.name);
  }
  options.known_servers.emplace();
  for (const auto& [name, server] : settings.config.mcp_servers) {
    options.known_servers->push_back(name);
  }
  options.known_agents = own_agents(settings);
  std::vector<permission::PolicySource> sources;
  for (const config::PermissionFile& file : settings.config.permission_files) {
    if (!policy_file || file.tier == "managed") {
      sources.push_back({tier_of(file.tier), file.path, std::nullopt});
    }
  }
  const std::string& workspace = settings.paths.workspace;
  if (!policy_file && settings.config.platform.compatibility_mode == "claude_code") {
    OAP_TRY(migration::RulesInPlace theirs, migration::rules_in_place(workspace));
    if (theirs.asks_nobody) {
      options.default_permission = Level::kDeny;
    }
    if (!theirs.text.empty()) {
      sources.push_back(
          {permission::Tier::kProject, workspace + "/.claude (as rules)", std::move(theirs.text)});
    }
  }
  if (const std::string& given = settings.loaded_with.command_rules; !given.empty()) {
    sources.push_back({permission::Tier::kSession, "the command line", given});
  }
  if (policy_file) {
    sources.push_back({permission::Tier::kUser, *policy_file, std::nullopt});
  } else if (const std::string session = session_rules_file(settings.paths); os::exists(session)) {
    sources.push_back({permission::Tier::kSession, session, std::nullopt});
  }
  return permission::Policy::compile(std::move(sources), options);
}

std::string trust_notice(const Settings& settings) {
  const config::Config& config = settings.config;
  if (config.trusted || (config.withheld.empty() && config.changed.empty())) {
    return {};
  }
  std::string notice = fmt::format("{} is not trusted", settings.paths.workspace);
  if (!config.changed.empty()) {
    notice += fmt::format(" any more (changed: {})", fmt::join(config.changed, ", "));
  }
  if (!config.withheld.empty()) {
    notice += fmt::format("; left out: {}", fmt::join(config.withheld, ", "));
  }
  return notice + ". Look at it, then run: oap trust";
}

}  // namespace oap::platform
