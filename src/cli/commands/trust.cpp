#include "config/trust.hpp"

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "platform/skill_settings.hpp"

namespace oap::cli {
namespace {

int revoke(const config::Paths& paths, bool as_json) {
  const auto revoked = config::revoke_trust(paths);
  if (!revoked) {
    return report(revoked.error(), as_json);
  }
  if (as_json) {
    print_json(json::Object{{"workspace", paths.workspace}, {"trusted", false}});
  } else {
    print(paths.workspace + (*revoked ? ": trust taken back\n" : ": was not trusted\n"));
  }
  return 0;
}

/// What counts here from now on: commands that the project names, and its skills.
void show_trusted(const platform::Settings& settings, bool as_json) {
  const config::Paths& paths = settings.paths;
  json::Array commands;
  std::string text = paths.workspace + ": trusted\n";
  for (const auto& [name, command] : settings.config.commands) {
    commands.emplace_back(name + ": " + command);
    text += "  " + name + ": " + command + "\n";
  }
  json::Array skills;
  platform::Settings now = settings;
  now.loaded_with.trust = false;
  for (const skills::Entry& entry : platform::look_at_skills(now).entries) {
    if (entry.scope == skills::Scope::kProject) {
      skills.push_back(skills::to_json(entry));
      text += fmt::format("  skill {}: {}{}\n", entry.skill.name, to_string(entry.state),
                          entry.why.empty() ? "" : ": " + entry.why);
    }
  }
  if (as_json) {
    print_json(json::Object{{"workspace", paths.workspace},
                            {"trusted", true},
                            {"commands", std::move(commands)},
                            {"skills", std::move(skills)}});
  } else {
    print(text);
  }
}

int record(const platform::Settings& settings, bool as_json) {
  const config::Paths& paths = settings.paths;
  const auto state = config::create_state_dir(paths);
  const auto recorded =
      state ? config::record_trust(paths, settings.config.digests) : Result<void>(state);
  if (!recorded) {
    return report(recorded.error(), as_json);
  }
  if (const auto forgotten = skills::forget_project(platform::library_options(settings));
      !forgotten) {
    return report(forgotten.error(), as_json);
  }
  show_trusted(settings, as_json);
  return 0;
}

}  // namespace

int trust_command(const Common& common, const TrustArgs& args) {
  platform::SettingsOptions options = settings_options(common);
  if (!args.directory.empty()) {
    options.workspace = args.directory;
  }
  options.trust = true;
  const auto settings = platform::load_settings(options);
  if (!settings) {
    return report(settings.error(), common.json);
  }
  return args.revoke ? revoke(settings->paths, common.json) : record(*settings, common.json);
}

}  // namespace oap::cli
