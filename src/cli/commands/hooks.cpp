#include <fmt/format.h>

#include "async/runtime.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "platform/hook_programs.hpp"
#include "platform/hook_table.hpp"
#include "platform/settings.hpp"
#include "programs/session_hooks.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

json::Object row_of(const programs::Handler& handler, bool counts) {
  return {{"event", programs::to_string(handler.event)},
          {"matcher", handler.matcher.text()},
          {"command", handler.shown()},
          {"file", handler.file},
          {"owner", programs::to_string(handler.owner)},
          {"timeout_ms", handler.timeout.count()},
          {"if", handler.condition},
          {"async", handler.background},
          {"on_error", handler.denies_on_failure() ? "deny" : "log"},
          {"runs", counts}};
}

/// All hook programs there are, also those that do not run before the folder is trusted.
json::Array program_rows(const platform::Settings& settings) {
  programs::HookSet all;
  const bool others = settings.config.platform.compatibility_mode == "claude_code";
  platform::hook_commands(settings.paths, others, all);
  json::Array rows;
  for (const programs::Handler& handler : all.handlers) {
    const bool counts = settings.config.trusted || handler.owner != programs::Owner::kProject;
    rows.push_back(row_of(handler, counts));
  }
  return rows;
}

std::string text_of(const json::Array& rows, const json::Array& commands) {
  std::string text = fmt::format("{:<20} {:>5}  {:<16} {:<9} {:>8}  {}\n", "point", "order", "hook",
                                 "kind", "priority", "on error");
  for (const json::Value& row : rows) {
    text += fmt::format("{:<20} {:>5}  {:<16} {:<9} {:>8}  {}{}\n", json::get_string(row, "point"),
                        json::get_int(row, "order"), json::get_string(row, "hook"),
                        json::get_string(row, "kind"), json::get_int(row, "priority"),
                        json::get_string(row, "on_error"),
                        json::get_bool(row, "always_runs") ? "  (always runs)" : "");
  }
  if (commands.empty()) {
    return text;
  }
  text += fmt::format("\n{:<20} {:<20} {:<8} {:<9} {}\n", "program at", "for", "owner", "on error",
                      "command");
  for (const json::Value& row : commands) {
    const std::string_view matcher = json::get_string(row, "matcher");
    text += fmt::format("{:<20} {:<20} {:<8} {:<9} {}{}\n", json::get_string(row, "event"),
                        matcher.empty() ? "*" : text::escape_visible(matcher),
                        json::get_string(row, "owner"), json::get_string(row, "on_error"),
                        json::get_string(row, "command"),
                        json::get_bool(row, "runs") ? "" : "  (not run before: oap trust)");
  }
  return text;
}

}  // namespace

int hooks_command(const Common& common, const HooksArgs& /*args*/) {
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  auto policy = platform::compile_policy(*settings);
  if (!policy) {
    return report(policy.error(), common.json);
  }
  const permission::Engine engine(*std::move(policy));
  const security::SecretScanner scanner({}, "");
  const security::SecurityPolicy security_policy({}, scanner);
  platform::SessionHookParts session;
  async::Runtime runtime;
  const auto runner = platform::make_runner(*settings, runtime.executor(), scanner, {});
  hooks::Registry registry;
  orchestration::MissionDesk desk;
  platform::register_hooks(registry, {engine, scanner, security_policy, session, desk});
  programs::register_programs(registry, *runner);
  json::Array rows = registry.list();
  json::Array commands = program_rows(*settings);
  for (const std::string& warning : settings->hooks.warnings) {
    print_error("warning: " + warning);
  }
  if (common.json) {
    print_json(json::Object{{"hooks", std::move(rows)}, {"programs", std::move(commands)}});
    return 0;
  }
  print(text_of(rows, commands));
  return 0;
}

}  // namespace oap::cli
