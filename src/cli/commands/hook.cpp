#include "cli/commands/commands.hpp"
#include "cli/hook_event.hpp"
#include "cli/hook_install.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "json/value.hpp"

namespace oap::cli {
namespace {

std::string advice(const HookArgs& args) {
  if (args.host == "codex") {
    return args.user
               ? "Codex runs the hook in every project from its next start on.\n"
               : "Codex reads a project's hooks only where the project is trusted: it asks at "
                 "its next start, 'codex exec --trust' says yes.\n";
  }
  if (args.host == "opencode") {
    return "The plugin asks the daemon and denies everything without it: start 'oap serve', then "
           "OpenCode again.\n";
  }
  if (args.host == "crush") {
    return "Crush's hooks see the calls of its main agent only, not of its sub-agents.\n";
  }
  return "";
}

}  // namespace

int hook_command(const Common& common, const HookArgs& args) {
  const platform::SettingsOptions options = settings_options(common);
  if (args.action == HookArgs::Action::kDecide) {
    return answer_hook(args.host, options);
  }
  const auto changes = change_host_files(common, args);
  if (!changes) {
    return report(changes.error(), common.json);
  }
  json::Array list;
  std::string text;
  for (const FileChange& one : *changes) {
    list.push_back(json::Object{{"path", one.path}, {"change", one.what}});
    text += one.what + ": " + one.path + "\n";
  }
  const bool installs = args.action == HookArgs::Action::kInstall;
  const auto why = installs ? why_not_governed(common, args) : Result<std::string>(std::string());
  if (!why) {
    return report(why.error(), common.json);
  }
  if (common.json) {
    json::Object out{{"success", why->empty()}, {"host", args.host}, {"files", std::move(list)}};
    if (!why->empty()) {
      out["error"] = *why;
    }
    print_json(out);
    return why->empty() ? 0 : 1;
  }
  print(text + (installs && why->empty() ? advice(args) : ""));
  if (!why->empty()) {
    print_error("warning: " + *why);
  }
  return why->empty() ? 0 : 1;
}

}  // namespace oap::cli
