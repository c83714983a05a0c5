#pragma once

#include <vector>

#include "migration/claude_settings.hpp"

namespace oap::migration {

/// What Claude Code's `sandbox` comes to here: a part of config.yaml, and rules that deny.
struct SandboxParts {
  json::Object settings;  ///< of the key `sandbox`
  std::vector<json::Object> rules;
};

/// Takes over what tightens; what would open the sandbox is in `report.not_carried`. Pure.
SandboxParts translate_sandbox(const ClaudeSettings& settings, Report& report);

}  // namespace oap::migration
