#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "os/env.hpp"

namespace oap::config {

/// Looks up an environment variable; nothing where it is not set.
using Env = os::EnvLookup;
/// The process's own environment.
Env process_env();

/// Where everything is (CONTRACTS "Workspace, state, configuration"). All absolute; only
/// `workspace` is known to exist.
struct Paths {
  std::string workspace;    ///< canonical
  std::string project_dir;  ///< .opencode/, or $OPENCODE_CONFIG_PATH
  std::string user_dir;     ///< ${XDG_CONFIG_HOME:-~/.config}/oap; empty without a home
  std::string managed_dir;  ///< /etc/oap
  std::string state_root;   ///< $OPENCODE_DATA_PATH, else ${XDG_STATE_HOME:-~/.local/state}/oap
  std::string state_dir;    ///< state_root/workspaces/<name>-<16 hex of sha256(workspace)>
  std::string home;         ///< empty where there is none
};

/// The workspace, canonical. An explicit one is that folder itself, which must exist; else the
/// nearest folder from `cwd` upward that holds `.opencode/` or `.git` (the search stops below $HOME
/// and at mount points), else `cwd`.
Result<std::string> find_workspace(const std::optional<std::string>& explicit_dir,
                                   const std::string& cwd, const Env& env);

struct PathOptions {
  std::optional<std::string> workspace;  ///< --workspace
  std::string cwd;                       ///< empty: the process's
  Env env = process_env();
  std::string managed_dir = "/etc/oap";
};

/// All paths. Creates nothing. kNotFound, kInvalidArgument where a named folder is not one;
/// kConfiguration where there is neither a home nor an $OPENCODE_DATA_PATH; kUsage where that is a
/// relative path.
Result<Paths> resolve_paths(const PathOptions& options);

/// The workspace's state folder: `<name>-<16 hex>`. Pure.
std::string state_name(std::string_view canonical_workspace);

/// Creates `state_root` and `state_dir`, mode 0700; refuses one that others may write or that
/// belongs to somebody else.
Result<void> create_state_dir(const Paths& paths);

}  // namespace oap::config
