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
  if (fs::is_symlink(status)) {
    return fail(Code::kUsage,
                "{} is a symbolic link to {}, which this does not write through; put the file "
                "itself in the link's place, or add the hook to what it leads to by hand; nothing "
                "was changed",
                path, fs::read_symlink(path, none).string());
  }
  if (!fs::is_regular_file(status)) {
    return fail(Code::kUsage, "{} is no regular file; nothing was changed", path);
  }
  return os::read_file(path);
}

/// `keeps`: what was there is none of ours, and a copy of it is made.
Result<FileChange> write_changed(const std::string& path, const std::string& before,
                                 const std::string& after, bool keeps) {
  if (after == before) {
    return FileChange{path, "unchanged"};
  }
  OAP_CHECK_OK(os::make_dirs(fs::path(path).parent_path().string(), 0755));
  const std::string backup = path + std::string(kBackup);
  if (keeps && os::exists(path) && !os::exists(backup)) {
    OAP_CHECK_OK(os::write_file_atomic(backup, before, 0600));
  }
  std::error_code none;
  const auto status = fs::status(path, none);
  const int bits = fs::exists(status) ? static_cast<int>(status.permissions()) & 0777 : 0644;
  OAP_CHECK_OK(os::write_file_atomic(path, after, bits));
  return FileChange{path, "written"};
}

std::optional<std::string> copy_of(const std::string& path) {
  const std::string backup = path + std::string(kBackup);
  if (!os::exists(backup)) {
    return std::nullopt;
  }
  const auto text = os::read_file(backup);
  return text ? std::optional(*text) : std::nullopt;
}

bool says_the_same(const std::string& one, const std::string& other) {
  const auto a = json::parse(one);
  const auto b = json::parse(other);
  return a && b ? *a == *b : text::trim(one) == text::trim(other);
}

/// The file without ours: the copy where `is_original` says that nobody has changed anything else
/// since it was made, else `after`, and no file where that is empty. The copy goes.
Result<FileChange> take_back(const std::string& path, const std::string& before,
                             const std::string& after, bool is_original) {
  const std::optional<std::string> original = copy_of(path);
  std::error_code none;
  FileChange out{path, "unchanged"};
  if (original && is_original) {
    OAP_TRY(out, write_changed(path, before, *original, false));
    out.what = "restored";
  } else if (after != before && text::trim(after).empty()) {
    fs::remove(path, none);
    if (none) {
      return fail(Code::kUnavailable, "{} cannot be removed: {}", path, none.message());
    }
    out.what = "removed";
  } else {
    OAP_TRY(out, write_changed(path, before, after, false));
  }
  fs::remove(path + std::string(kBackup), none);
  return out;
}

Result<FileChange> install_one(Host host, const hosts::HookFile& file, const Base& base,
                               const std::string& command) {
  const std::string path = path_in(base, file.path);
  OAP_TRY(const std::string before, present_text(base.folder, path));
  if (!file.json_hooks) {
    return write_changed(path, before, file.text, !hosts::is_our_text(file, before));
  }
  OAP_TRY(const std::string after, hosts::with_hook(host, before, path, command));
  OAP_TRY(const std::string others, hosts::without_hook(host, before, path));
  return write_changed(path, before, after, others == before);
}

/// Whether the file, without our hooks, says what the copy would say after the same way there and
/// back.
bool is_as_copied(Host host, const std::string& path, const std::string& after) {
  const std::optional<std::string> original = copy_of(path);
  if (!original) {
    return false;
  }
  const auto others = hosts::without_hook(host, *original, path);
  const auto there =
      hosts::with_hook(host, *original, path, "'oap-hook' " + std::string(hosts::name_of(host)));
  const auto back = there ? hosts::without_hook(host, *there, path) : there;
  return others && *others == *original && back && says_the_same(*back, after);
}

Result<FileChange> uninstall_one(Host host, const hosts::HookFile& file, const Base& base) {
  const std::string path = path_in(base, file.path);
  OAP_TRY(const std::string before, present_text(base.folder, path));
  if (before.empty()) {
    return FileChange{path, "unchanged"};
  }
  if (file.json_hooks) {
    OAP_TRY(const std::string after, hosts::without_hook(host, before, path));
    return take_back(path, before, after, after != before && is_as_copied(host, path, after));
  }
  if (!hosts::is_our_text(file, before)) {
    return FileChange{path, "unchanged"};
  }
  return take_back(path, before, "", true);
}

/// Folders that only our files were in, up to the user's home or the project. One that the
/// environment names as Codex's home stays: Codex does not start without it.
void remove_empty_folders(const Base& base, const std::string& path) {
  const std::string top = absolute_env("XDG_CONFIG_HOME") == base.folder
                              ? fs::path(base.folder).parent_path().string()
                              : base.folder;
  std::error_code none;
  fs::path folder = fs::path(path).parent_path();
  while (folder.string().size() > top.size() && fs::is_empty(folder, none) && !none) {
    fs::remove(folder, none);
    folder = folder.parent_path();
  }
}

/// Whether a configuration of Codex holds trust that the copy does not: of another project's hooks.
bool has_more_trust(const std::string& text, const std::string& copy) {
  const std::vector<std::string_view> known = text::split_lines(copy);
  const std::vector<std::string_view> lines = text::split_lines(text);
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    return text::trim(line).starts_with("[hooks.state.") &&
           std::find(known.begin(), known.end(), line) == known.end();
  });
}

/// Nothing but trust in hooks: no copy of that is needed to bring it back.
bool is_only_trust(const std::string& text) {
  const std::vector<std::string_view> lines = text::split_lines(text);
  return !lines.empty() && std::all_of(lines.begin(), lines.end(), [](std::string_view line) {
    const std::string_view trimmed = text::trim(line);
    return trimmed.empty() || trimmed.starts_with("[hooks.state.") ||
           trimmed.starts_with("trusted_hash");
  });
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
    return write_changed(path, before, after, !is_only_trust(before));
  }
  OAP_TRY(const std::string after, hosts::without_codex_trust(before, hooks, hooks_file));
  const std::optional<std::string> copy = copy_of(path);
  if (copy && has_more_trust(after, *copy)) {
    return write_changed(path, before, after, false);
  }
  OAP_TRY(FileChange out,
          take_back(path, before, after, after != before && copy && says_the_same(*copy, after)));
  if (out.what == "removed") {
    remove_empty_folders(user, path);
  }
  return out;
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
      remove_empty_folders(base, one.path);
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
