#pragma once

#include <string>

#include "base/result.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

// A server that a gateway starts may turn out to be `oap mcp serve` again. Of the same workspace it
// would start itself without end, of another one it could not reach its state, which no sandbox
// shows. Every server is started with a mark in its environment that names the workspaces whose
// gateways stand before it.

inline constexpr const char* kNestingVariable = "OAP_SERVED_BY";

/// The mark for the servers of this workspace: the one this process was given, and itself.
std::string nesting_mark(const Settings& settings);

/// kFailedPrecondition, a sentence, where this gateway is being started as a server of another one,
/// or of itself.
Result<void> check_nesting(const Settings& settings);

}  // namespace oap::platform
