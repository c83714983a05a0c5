#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "foreign/host.hpp"
#include "json/value.hpp"

namespace oap::hosts {

/// The agent programs whose tool calls are understood.
using foreign::Host;

/// "claude-code", "codex", "gemini", "goose", "crush", "opencode".
std::string_view name_of(Host host);
/// False for OpenCode: its plugin asks the daemon, and there is no event on standard input to read.
bool has_command_hook(Host host);
std::optional<Host> host_named(std::string_view name);
/// As a person writes it: "Claude Code".
std::string_view title_of(Host host);

/// One event as a host's hook gets it. Data.
struct Event {
  enum class Kind {
    kBefore,  ///< a tool is about to run
    kAfter,   ///< a tool has run
    kPrompt,  ///< a person has sent a message
    kOther,   ///< everything else: nothing is decided
  };
  Kind kind = Kind::kOther;
  std::string name;  ///< as the host calls it
  std::string session_id;
  std::string call_id;
  std::string cwd;  ///< "" where the host does not say
  std::string tool;
  json::Object input;
  json::Value response;         ///< kAfter: what the tool answered, in the host's form
  bool failed = false;          ///< kAfter: it was an error
  std::string prompt;           ///< kPrompt
  std::string transcript = {};  ///< the session's file, where the host names one
};

/// Reads what the host wrote to the hook's standard input. kInvalidArgument where it is no object,
/// names no event, or a tool event names no tool or has arguments that are no object. Sources:
/// code.claude.com/docs hooks reference, geminicli.com hooks reference, Codex's and crush's and
/// goose's hook guides.
Result<Event> read_event(Host host, std::string_view text);

}  // namespace oap::hosts
