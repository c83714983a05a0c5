#include "migration/claude_hooks.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

/// The events of Claude Code 2.1.329 (hosts.md 2.4).
constexpr auto kEvents = std::to_array<std::string_view>({"PreToolUse",
                                                          "PermissionRequest",
                                                          "PermissionDenied",
                                                          "PostToolUse",
                                                          "PostToolUseFailure",
                                                          "PostToolBatch",
                                                          "UserPromptSubmit",
                                                          "UserPromptExpansion",
                                                          "SessionStart",
                                                          "SessionEnd",
                                                          "Setup",
                                                          "Stop",
                                                          "SubagentStop",
                                                          "StopFailure",
                                                          "SubagentStart",
                                                          "PreCompact",
                                                          "PostCompact",
                                                          "PreModelSwitch",
                                                          "PostModelSwitch",
                                                          "Notification",
                                                          "TaskCreated",
                                                          "TaskCompleted",
                                                          "TeammateIdle",
                                                          "ConfigChange",
                                                          "InstructionsLoaded",
                                                          "CwdChanged",
                                                          "FileChanged",
                                                          "DirectoryAdded",
                                                          "WorktreeCreate",
                                                          "WorktreeRemove",
                                                          "Elicitation",
                                                          "ElicitationResult",
                                                          "MessageDisplay"});

}  // namespace

void plan_hooks(const ClaudeSettings& settings, Plan& plan, Report& report) {
  if (settings.hooks.empty()) {
    return;
  }
  std::size_t count = 0;
  for (const auto& event : settings.hooks) {
    count += event.value().get_array().size();
    if (std::find(kEvents.begin(), kEvents.end(), std::string_view(event.key())) == kEvents.end()) {
      report.warnings.push_back(
          fmt::format("hooks.{}: is no event that is known here; kept all the same",
                      text::escape_visible(event.key())));
    }
  }
  plan.files.push_back({".opencode/hooks/claude-code.json",
                        json::print_pretty(json::Object{{"hooks", settings.hooks}}) + "\n", false,
                        false, false});
  report.migrated("hooks");
  report.warnings.push_back(fmt::format(
      "hooks: {} groups of {} are kept as they are in .opencode/hooks/claude-code.json; this "
      "version "
      "does not run them, so nothing that they block is blocked: write deny rules for what must "
      "not happen",
      count, text::join(settings.hook_files, ", ")));
}

}  // namespace oap::migration
