#include "migration/claude_reasons.hpp"

#include <algorithm>
#include <array>

namespace oap::migration {

std::string_view reason_for(std::string_view key) {
  struct Known {
    std::string_view key;
    std::string_view reason;
  };
  static constexpr auto kKnown = std::to_array<Known>({
      {"apiKeyHelper", "no program is run for a key: set providers.<name>.api_key_env"},
      {"awsAuthRefresh", "no program is run for credentials"},
      {"awsCredentialExport", "no program is run for credentials"},
      {"gcpAuthRefresh", "no program is run for credentials"},
      {"otelHeadersHelper", "no program is run for headers"},
      {"statusLine", "runs a program for Claude Code's own screen"},
      {"subagentStatusLine", "runs a program for Claude Code's own screen"},
      {"fileSuggestion", "runs a program for Claude Code's own screen"},
      {"enabledPlugins", "Claude Code's plugins are not installed here"},
      {"extraKnownMarketplaces", "Claude Code's plugins are not installed here"},
      {"strictKnownMarketplaces", "Claude Code's plugins are not installed here"},
      {"blockedMarketplaces", "Claude Code's plugins are not installed here"},
      {"pluginConfigs", "Claude Code's plugins are not installed here"},
      {"agent", "the main agent is chosen by `oap run`"},
      {"fallbackModel", "there is no second model here"},
      {"availableModels", "models are not limited by settings here"},
      {"cleanupPeriodDays", "see security.audit.retention_days, which is about the audit log"},
      {"enableAllProjectMcpServers", "servers start after `oap trust`, and not before"},
      {"enabledMcpjsonServers", "servers start after `oap trust`, and not before"},
      {"allowManagedMcpServersOnly", "the lists of all settings files count here"},
      {"managedMcpServers", "only .mcp.json is read"},
      {"disableSkillShellExecution", "skills run no commands when they are loaded here"},
      {"claudeMdExcludes", "CLAUDE.md of this folder alone is read"},
      {"includeCoAuthoredBy", "the model is not told what to write into commits"},
      {"attribution", "the model is not told what to write into commits"},
      {"disableBypassPermissionsMode", "there is no such mode here: nothing needs to be disabled"},
      {"disableAutoMode", "there is no such mode here: nothing needs to be disabled"},
  });
  const auto found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& one) { return one.key == key; });
  return found == kKnown.end() ? "has no counterpart here" : found->reason;
}

}  // namespace oap::migration
