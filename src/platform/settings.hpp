#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "config/load.hpp"
#include "config/paths.hpp"
#include "permission/policy.hpp"
#include "programs/hook_set.hpp"

namespace oap::platform {

struct SettingsOptions {
  std::string workspace;    ///< empty: the project around `folder`
  std::string folder = {};  ///< empty: the current one
  bool trust = false;       ///< --trust: for this process only
  config::Env env = config::process_env();
  std::string managed_dir = "/etc/oap";
  /// The text of a permissions.yaml that the command line came to: rules of the session tier, for
  /// this process only; empty: none.
  std::string command_rules = {};
  bool enforce_configuration = true;  ///< false: problems are left for the caller to show
  bool sets_log_level = true;         ///< false: the process's own level stays
};

/// Where everything is and what is configured. Data.
struct Settings {
  config::Paths paths;
  config::Config config;
  config::Env env;
  SettingsOptions loaded_with;
  programs::HookSet hooks = {};  ///< those that count; a project's only where it is trusted
};

/// kConfiguration with a line for each fault; kNotFound where the workspace does not exist.
Result<Settings> load_settings(const SettingsOptions& options);

/// The rules in force; with `policy_file` that file alone and the managed tier.
Result<std::shared_ptr<const permission::Policy>> compile_policy(
    const Settings& settings, const std::optional<std::string>& policy_file = std::nullopt);

/// A sentence on what an untrusted folder may not do here, or empty: names what is withheld and
/// how to trust it.
std::string trust_notice(const Settings& settings);

}  // namespace oap::platform
