#pragma once

#include <string>
#include <string_view>

namespace oap::session {

/// Why a key cannot stand in an agent file's head: it is nearly one that counts ("did you mean"),
/// or takes rights in words that count for nothing here. "" for the keys of OpenCode and Claude
/// Code, and for those that say nothing of rights. Pure.
std::string unknown_key(std::string_view key);

/// The same of a tool that is to be taken away: a misspelt one would stay.
std::string misspelt_tool(std::string_view tool);

/// The same of a decision: `allow`, `ask` and `deny` are the ones.
std::string unknown_decision(std::string_view decision);

}  // namespace oap::session
