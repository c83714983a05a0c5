#pragma once

#include <string>

#include "migration/gemini_rules.hpp"
#include "migration/rules.hpp"

namespace oap::migration {

/// What a config.toml of Codex says beside its rules: every key is named in `out`. True where it
/// says that nobody is asked (`approval_policy = "never"`), so that a rule that prompts denies;
/// false where it says otherwise; `before` where it says nothing. Pure.
bool take_codex_config(const json::Object& config, const std::string& file, bool before,
                       Translation& out);

/// The rules in a settings.json of Gemini CLI, as that program ranks them against its policy files:
/// tools.exclude and tools.allowed, mcp.excluded, mcpServers.<name>.trust. Every other key is named
/// in `out`. Pure.
GeminiFile gemini_settings(const json::Object& settings, const std::string& file, Translation& out);

/// Names every key of a configuration of OpenCode that is not about permissions. Pure.
void name_opencode_keys(const json::Object& config, const std::string& file, Translation& out);

}  // namespace oap::migration
