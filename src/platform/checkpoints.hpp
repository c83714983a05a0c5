#pragma once

#include <functional>
#include <memory>
#include <string>

#include "checkpoint/journal.hpp"
#include "gateway/upstream/upstream.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// Where a workspace's file changes are kept. Makes the folder.
Result<std::unique_ptr<checkpoint::Journal>> open_checkpoints(const Settings& settings);

/// The built-in server, watched: what its tools change in the workspace is written to the journal,
/// as changes of the call's task (or of the call, where it belongs to none). The watch is around
/// the effect itself, after permission, approval and audit, and ends also where the call is
/// cancelled. `turn_of` says which turn a call belongs to. The journal outlives it.
std::unique_ptr<gateway::Upstream> watched(
    std::unique_ptr<gateway::Upstream> server, checkpoint::Journal& journal, std::string workspace,
    std::function<checkpoint::TurnInfo(const ToolCall&)> turn_of);

}  // namespace oap::platform
