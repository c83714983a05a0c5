#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::orchestration {

/// What the runtime itself saw of one call: the only thing that a mission's end is believed for.
struct Evidence {
  std::string id;  ///< the call's
  std::string agent;
  std::string tool;
  std::string command;     ///< bash: the command; python: its first line; reads: the path
  bool is_command = true;  ///< false: a read
  int exit_code = 0;       ///< reads: 0, or 1 where they failed
  WallTime at;
  Millis duration{0};
  std::string tree;    ///< hash of the workspace right after it; "" where it could not be taken
  std::string hollow;  ///< why its success shows nothing, whatever its command says (`why_hollow`)
};
json::Object to_json(const Evidence& evidence);
/// Nothing where the value is no evidence.
std::optional<Evidence> evidence_from_json(const json::Value& value);

/// What a finished call is evidence of: a command that ran, or a read; nothing for other calls and
/// for those that did not run. `tree` is left empty. Pure.
std::optional<Evidence> evidence_of(const ToolCall& call, const ToolOutcome& outcome, WallTime at);

/// Whether a command verifies something by its name: tests, builds, linters, type checkers.
bool is_verification(std::string_view command);
/// The command that a `check:` names, without the marks of code around it.
std::string_view bare_command(std::string_view written);
/// Whether a tool's call may change files in the workspace.
bool may_edit(const ToolCall& call);

}  // namespace oap::orchestration
