#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::hosts {

// Codex runs a hook only where its config.toml says that this very hook is trusted; a hook that is
// not it leaves out, and `codex exec` says nothing. What it says is a table for each hook:
//   [hooks.state."/home/ann/.codex/hooks.json:pre_tool_use:0:0"]
//   trusted_hash = "sha256:…"
// of the canonical JSON of the event's name, the group's matcher and the one handler. Source:
// Codex's hook discovery, tried with 0.171.

/// `config` with each of our hooks of `hooks` (the text of `hooks_file`) trusted, everything else
/// as it was; the same text where they are trusted already. kInvalidArgument, naming `config_file`,
/// where `config` holds hooks in a form that cannot be added to, or `hooks` is no JSON object.
Result<std::string> with_codex_trust(std::string_view config, const std::string& config_file,
                                     std::string_view hooks, const std::string& hooks_file);
/// `config` without what with_codex_trust() added for these hooks. Pure, both.
Result<std::string> without_codex_trust(std::string_view config, std::string_view hooks,
                                        const std::string& hooks_file);

}  // namespace oap::hosts
