#include "cli/hook_install.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "cli/hooks_off.hpp"
#include "hosts/codex_trust.hpp"
#include "hosts/install.hpp"
#include "json/parse.hpp"
#include "migration/toml.hpp"
#include "os/file.hpp"
#include "os/self.hpp"
#include "platform/settings.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

namespace fs = std::filesystem;
using hosts::Host;
constexpr std::string_view kBackup = ".before-oap";

/// The folder that a host's configuration is in, and what of the files' paths is that folder.
struct Base {
  std::string folder;
  std::string prefix = {};
};

std::string absolute_env(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value == '/' ? value : "";
}

Result<Base> user_base(Host host) {
  if (const std::string folder = absolute_env("CODEX_HOME");
      host == Host::kCodex && !folder.empty()) {
    return Base{folder, ".codex/"};
  }
  const bool is_xdg = host == Host::kCrush || host == Host::kOpencode;
  if (const std::string folder = absolute_env("XDG_CONFIG_HOME"); is_xdg && !folder.empty()) {
    return Base{folder, ".config/"};
  }
  const std::string home = absolute_env("HOME");
  if (home.empty()) {
    return fail(Code::kUsage, "HOME is not set, so there is no user's configuration to change");
  }
  return Base{home};
}

Result<Base> base_of(const Common& common, const HookArgs& args) {
  if (args.user) {
    return user_base(*hosts::host_named(args.host));
  }
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.enforce_configuration = false;
  OAP_TRY(const platform::Settings settings, platform::load_settings(options));
  return Base{settings.paths.workspace};
}

std::string path_in(const Base& base, const std::string& path) {
  return base.folder + "/" + path.substr(path.starts_with(base.prefix) ? base.prefix.size() : 0);
}

Result<std::string> program() {
  OAP_TRY(const std::string self, os::self_path());
  const std::string beside = (fs::path(self).parent_path() / "oap-hook").string();
  if (!os::exists(beside)) {
    return fail(Code::kFailedPrecondition, "{} is missing: run ./setup again", beside);
  }
  return beside;
}

/// The file's text, "" where there is none. Links are refused: what they lead to is not ours.
Result<std::string> present_text(const std::string& base, const std::string& path) {
  std::error_code none;
  OAP_TRY(const std::string real, os::canonical_path(fs::path(path).parent_path().string()));
  OAP_TRY(const std::string top, os::canonical_path(base));
  if (real != top && !real.starts_with(top + "/")) {
    return fail(Code::kUsage, "{} leads out of {}; nothing was changed", path, base);
  }
  const auto status = fs::symlink_status(path, none);
  if (!fs::exists(status)) {
    return std::string();
  }
  if (!fs::is_regular_file(status)) {
    return fail(Code::kUsage, "{} is no regular file; nothing was changed", path);
  }
  return os::read_file(path);
}

Result<FileChange> write_changed(const std::string& path, const std::string& before,
                                 const std::string& after, bool keep) {
  if (after == before) {
    return FileChange{path, "unchanged"};
  }
  OAP_CHECK_OK(os::make_dirs(fs::path(path).parent_path().string(), 0755));
  const std::string backup = path + std::string(kBackup);
  if (keep && !before.empty() && !os::exists(backup)) {
    OAP_CHECK_OK(os::write_file_atomic(backup, before, 0600));
  }
  std::error_code none;
  const auto mode = fs::status(path, none).permissions();
  const int bits = before.empty() || none ? 0644 : static_cast<int>(mode) & 0777;
  OAP_CHECK_OK(os::write_file_atomic(path, after, bits));
  return FileChange{path, "written"};
}

/// Whether nobody has changed anything else since the copy was made.
bool says_the_same(const std::string& original, const std::string& now) {
  const auto was = json::parse(original);
  const auto is = json::parse(now);
  return was && is ? *was == *is : text::trim(original) == text::trim(now);
}

Result<FileChange> take_back(const std::string& path, const std::string& before,
                             const std::string& after) {
  if (after == before) {
    return FileChange{path, "unchanged"};
  }
  const std::string backup = path + std::string(kBackup);
  const auto original =
      os::exists(backup) ? os::read_file(backup) : Result<std::string>(std::string());
  std::error_code none;
  if (original && !original->empty() && says_the_same(*original, after)) {
    OAP_CHECK_OK(write_changed(path, before, *original, false));
    fs::remove(backup, none);
    return FileChange{path, "restored"};
  }
  if (text::trim(after).empty()) {
    fs::remove(path, none);
    if (none) {
      return fail(Code::kUnavailable, "{} cannot be removed: {}", path, none.message());
    }
    return FileChange{path, "removed"};
  }
  return write_changed(path, before, after, false);
}

Result<FileChange> install_one(Host host, const hosts::HookFile& file, const Base& base,
                               const std::string& command) {
  const std::string path = path_in(base, file.path);
  OAP_TRY(const std::string before, present_text(base.folder, path));
  if (!file.json_hooks) {
    return write_changed(path, before, file.text, !hosts::is_our_text(file, before));
  }
  OAP_TRY(const std::string after, hosts::with_hook(host, before, path, command));
  return write_changed(path, before, after, true);
}

Result<FileChange> uninstall_one(Host host, const hosts::HookFile& file, const Base& base) {
  const std::string path = path_in(base, file.path);
  OAP_TRY(const std::string before, present_text(base.folder, path));
  if (before.empty()) {
    return FileChange{path, "unchanged"};
  }
  if (file.json_hooks) {
    OAP_TRY(const std::string after, hosts::without_hook(host, before, path));
    return take_back(path, before, after);
  }
  if (!hosts::is_our_text(file, before)) {
    return FileChange{path, "unchanged"};
  }
  const std::string backup = path + std::string(kBackup);
  const auto original =
      os::exists(backup) ? os::read_file(backup) : Result<std::string>(std::string());
  return take_back(path, before, original ? *original : "");
}

/// Folders that only our files were in, up to the configuration's own.
void remove_empty_folders(const Base& base, const hosts::HookFile& file) {
  std::error_code none;
  fs::path folder = fs::path(path_in(base, file.path)).parent_path();
  while (folder.string().size() > base.folder.size() && fs::is_empty(folder, none) && !none) {
    fs::remove(folder, none);
    folder = folder.parent_path();
  }
}

/// Codex runs no hook that its configuration does not call trusted.
Result<FileChange> change_trust(const HookArgs& args, const Base& base, const std::string& hooks,
                                bool installs) {
  const std::string hooks_path = path_in(base, hosts::hook_files(Host::kCodex, args.user)[0].path);
  OAP_TRY(const std::string hooks_file, os::canonical_path(hooks_path));
  OAP_TRY(const Base user, user_base(Host::kCodex));
  const std::string path = path_in(user, ".codex/config.toml");
  OAP_TRY(const std::string before, present_text(user.folder, path));
  if (installs) {
    if (const auto read = migration::parse_toml(before, path); !read) {
      return fail(Code::kInvalidArgument,
                  "{}: Codex cannot read its configuration with this either, so it would not be "
                  "governed; mend it and install again; nothing was changed",
                  read.error().message());
    }
    OAP_TRY(const std::string after, hosts::with_codex_trust(before, path, hooks, hooks_file));
    return write_changed(path, before, after, true);
  }
  OAP_TRY(const std::string after, hosts::without_codex_trust(before, hooks, hooks_file));
  return take_back(path, before, after);
}

Result<std::vector<FileChange>> install(Host host, const HookArgs& args, const Base& base) {
  OAP_TRY(const std::string path, program());
  OAP_TRY(const std::string command, hosts::hook_command(host, path));
  const std::vector<hosts::HookFile> files = hosts::hook_files(host, args.user);
  std::optional<FileChange> trust;
  if (host == Host::kCodex) {
    const std::string hooks_path = path_in(base, files[0].path);
    OAP_TRY(const std::string before, present_text(base.folder, hooks_path));
    OAP_TRY(const std::string hooks, hosts::with_hook(host, before, hooks_path, command));
    OAP_TRY(trust, change_trust(args, base, hooks, true));
  }
  std::vector<FileChange> out;
  for (const hosts::HookFile& file : files) {
    OAP_TRY(FileChange one, install_one(host, file, base, command));
    out.push_back(std::move(one));
  }
  if (trust) {
    out.push_back(*std::move(trust));
  }
  return out;
}

Result<std::vector<FileChange>> uninstall(Host host, const HookArgs& args, const Base& base) {
  std::vector<hosts::HookFile> files = hosts::hook_files(host, args.user);
  std::reverse(files.begin(), files.end());
  std::vector<FileChange> out;
  if (host == Host::kCodex) {
    OAP_TRY(const std::string hooks, present_text(base.folder, path_in(base, files[0].path)));
    OAP_TRY(FileChange one, change_trust(args, base, hooks, false));
    out.push_back(std::move(one));
  }
  for (const hosts::HookFile& file : files) {
    OAP_TRY(FileChange one, uninstall_one(host, file, base));
    if (one.what == "removed") {
      remove_empty_folders(base, file);
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// What says whether the host runs hooks, the strongest first.
std::vector<std::string> switch_files(Host host, const HookArgs& args, const std::string& base,
                                      const std::string& user) {
  std::vector<std::string> out;
  if (host == Host::kCodex) {
    if (!args.user) {
      out.push_back(base + "/.codex/config.toml");
    }
    out.push_back(user + "/.codex/config.toml");
    return out;
  }
  const std::string file = hosts::hook_files(host, args.user)[0].path;
  if (host == Host::kClaudeCode) {
    out.emplace_back("/etc/claude-code/managed-settings.json");
    if (!args.user) {
      out.push_back(base + "/.claude/settings.local.json");
    }
  }
  if (!args.user) {
    out.push_back(base + "/" + file);
  }
  out.push_back(user + "/" + file);
  return out;
}

}  // namespace

Result<std::string> why_not_governed(const Common& common, const HookArgs& args) {
  const Host host = *hosts::host_named(args.host);
  if (host == Host::kGoose || host == Host::kCrush || host == Host::kOpencode) {
    return std::string();
  }
  OAP_TRY(const Base base, base_of(common, args));
  const std::string home = absolute_env("HOME");
  std::vector<HostFile> files;
  for (std::string& path : switch_files(host, args, base.folder, home)) {
    if (const std::string codex = absolute_env("CODEX_HOME");
        !codex.empty() && path == home + "/.codex/config.toml") {
      path = codex + "/config.toml";
    }
    if (auto text = os::read_file(path)) {
      files.push_back({path, *std::move(text)});
    }
  }
  return hooks_off(host, files);
}

Result<std::vector<FileChange>> change_host_files(const Common& common, const HookArgs& args) {
  const Host host = *hosts::host_named(args.host);
  OAP_TRY(const Base base, base_of(common, args));
  return args.action == HookArgs::Action::kInstall ? install(host, args, base)
                                                   : uninstall(host, args, base);
}

}  // namespace oap::cli
