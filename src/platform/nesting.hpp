#pragma once

#include <string>

#include "base/result.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

// A server that a gateway starts may be `oap mcp serve` again, of another workspace; of the same
// one it would start itself without end. Every server is started with a mark in its environment
// that names the workspaces whose gateways stand before it.

inline constexpr const char* kNestingVariable = "OAP_SERVED_BY";

/// The mark for the servers of this workspace: the one this process was given, and itself.
std::string nesting_mark(const Settings& settings);

/// kFailedPrecondition, a sentence, where this workspace's servers are being started by themselves,
/// or gateways stand behind each other too deeply.
Result<void> check_nesting(const Settings& settings);

}  // namespace oap::platform
