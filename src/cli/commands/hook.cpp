#include <cstdlib>
#include <filesystem>

#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/hook_event.hpp"
#include "cli/output.hpp"
#include "hosts/install.hpp"
#include "json/parse.hpp"
#include "os/file.hpp"
#include "os/self.hpp"

namespace oap::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kBackup = ".before-oap";

struct Change {
  std::string path;
  std::string what;  ///< written, restored, removed, unchanged
};

Result<std::string> base_folder(const Common& common, const HookArgs& args) {
  if (args.user) {
    const char* const home = std::getenv("HOME");
    if (home == nullptr || *home != '/') {
      return fail(Code::kUsage, "HOME is not set, so there is no user's configuration to change");
    }
    return std::string(home);
  }
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.enforce_configuration = false;
  OAP_TRY(const platform::Settings settings, platform::load_settings(options));
  return settings.paths.workspace;
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

Result<Change> install_one(hosts::Host host, const hosts::HookFile& file, const std::string& base,
                           const std::string& command) {
  const std::string path = base + "/" + file.path;
  OAP_TRY(const std::string before, present_text(base, path));
  std::string after = file.text;
  if (file.json_hooks) {
    OAP_TRY(after, hosts::with_hook(host, before, path, command));
  }
  if (after == before) {
    return Change{path, "unchanged"};
  }
  OAP_CHECK_OK(os::make_dirs(fs::path(path).parent_path().string(), 0755));
  const std::string backup = path + std::string(kBackup);
  if (!before.empty() && !os::exists(backup)) {
    OAP_CHECK_OK(os::write_file_atomic(backup, before, 0600));
  }
  OAP_CHECK_OK(os::write_file_atomic(path, after));
  return Change{path, "written"};
}

Result<Change> uninstall_one(hosts::Host host, const hosts::HookFile& file,
                             const std::string& base) {
  const std::string path = base + "/" + file.path;
  OAP_TRY(const std::string before, present_text(base, path));
  if (before.empty()) {
    return Change{path, "unchanged"};
  }
  std::string after;
  if (file.json_hooks) {
    OAP_TRY(after, hosts::without_hook(host, before, path));
  } else if (before != file.text) {
    return Change{path, "unchanged"};
  }
  if (after == before) {
    return Change{path, "unchanged"};
  }
  const std::string backup = path + std::string(kBackup);
  const auto original =
      os::exists(backup) ? os::read_file(backup) : Result<std::string>(std::string());
  std::error_code none;
  // The bytes from before, where nobody has changed anything else since.
  if (original && !original->empty() && json::parse(*original) && json::parse(after) &&
      *json::parse(*original) == *json::parse(after)) {
    OAP_CHECK_OK(os::write_file_atomic(path, *original));
    fs::remove(backup, none);
    return Change{path, "restored"};
  }
  if (after.empty()) {
    fs::remove(path, none);
    return none ? Result<Change>(
                      fail(Code::kUnavailable, "{} cannot be removed: {}", path, none.message()))
                : Result<Change>(Change{path, "removed"});
  }
  OAP_CHECK_OK(os::write_file_atomic(path, after));
  return Change{path, "written"};
}

Result<std::vector<Change>> change(const Common& common, const HookArgs& args) {
  const hosts::Host host = *hosts::host_named(args.host);
  OAP_TRY(const std::string base, base_folder(common, args));
  std::vector<Change> out;
  std::string command;
  if (args.action == HookArgs::Action::kInstall) {
    OAP_TRY(const std::string path, program());
    OAP_TRY(command, hosts::hook_command(host, path));
  }
  for (const hosts::HookFile& file : hosts::hook_files(host, args.user)) {
    OAP_TRY(Change one, command.empty() ? uninstall_one(host, file, base)
                                        : install_one(host, file, base, command));
    out.push_back(std::move(one));
  }
  return out;
}

std::string advice(const std::string& host) {
  if (host == "codex") {
    return "Codex asks once whether the hook is trusted (/hooks).\n";
  }
  if (host == "crush") {
    return "Crush's hooks see the calls of its main agent only, not of its sub-agents.\n";
  }
  return "";
}

}  // namespace

int hook_command(const Common& common, const HookArgs& args) {
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.trust = common.trust;
  if (args.action == HookArgs::Action::kDecide) {
    return answer_hook(args.host, options);
  }
  const auto changes = change(common, args);
  if (!changes) {
    return report(changes.error(), common.json);
  }
  json::Array list;
  std::string text;
  for (const Change& one : *changes) {
    list.push_back(json::Object{{"path", one.path}, {"change", one.what}});
    text += one.what + ": " + one.path + "\n";
  }
  if (common.json) {
    print_json(json::Object{{"success", true}, {"host", args.host}, {"files", std::move(list)}});
    return 0;
  }
  print(text + (args.action == HookArgs::Action::kInstall ? advice(args.host) : ""));
  return 0;
}

}  // namespace oap::cli
