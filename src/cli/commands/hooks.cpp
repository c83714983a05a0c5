#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "platform/hook_table.hpp"
#include "platform/settings.hpp"

namespace oap::cli {

int hooks_command(const Common& common, const HooksArgs& /*args*/) {
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.trust = common.trust;
  const auto settings = platform::load_settings(options);
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
  hooks::Registry registry;
  orchestration::MissionDesk desk;
  platform::register_hooks(registry, {engine, scanner, security_policy, session, desk});
  json::Array rows = registry.list();
  if (common.json) {
    print_json(json::Object{{"hooks", std::move(rows)}});
    return 0;
  }
  std::string text = fmt::format("{:<20} {:>5}  {:<16} {:<9} {:>8}  {}\n", "point", "order", "hook",
                                 "kind", "priority", "on error");
  for (const json::Value& row : rows) {
    text += fmt::format("{:<20} {:>5}  {:<16} {:<9} {:>8}  {}{}\n", json::get_string(row, "point"),
                        json::get_int(row, "order"), json::get_string(row, "hook"),
                        json::get_string(row, "kind"), json::get_int(row, "priority"),
                        json::get_string(row, "on_error"),
                        json::get_bool(row, "always_runs") ? "  (always runs)" : "");
  }
  print(text);
  return 0;
}

}  // namespace oap::cli
