#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hosts/event.hpp"

namespace oap::cli {

/// One file of a host's configuration. Data.
struct HostFile {
  std::string path;
  std::string text;
};

/// What to change, a sentence that names file and member, where a host runs no hooks by its files,
/// the strongest first; "" where nothing says so. A file that cannot be read says nothing. Pure.
/// Sources: `disableAllHooks` (Claude Code, Qwen Code), `hooksConfig` and
/// the older `hooks.enabled`, `hooks.disabled`, `tools.enableHooks` (Gemini CLI), `[features]`
/// `hooks` and the older `codex_hooks` (Codex).
std::string hooks_off(hosts::Host host, const std::vector<HostFile>& files);

}  // namespace oap::cli
