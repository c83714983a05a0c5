#pragma once

#include <string>

#include "checkpoint/journal.hpp"
#include "model/tool.hpp"
#include "orchestration/mission/desk.hpp"
#include "store/store.hpp"

namespace oap::platform {

// Whose turn it was in which a file changed, so that it can be taken back. Blocking.

/// What a call changes belongs to its task; what a mission's agents change, to the session in which
/// the mission was begun.
checkpoint::TurnInfo turn_of(store::Store& store, const orchestration::MissionDesk& desk,
                             const ToolCall& call);

/// The session in which the open mission of a delegated task was begun; "" where there is none.
std::string mission_session_of(store::MissionRepository& missions, const std::string& workspace,
                               const std::string& task_id);

}  // namespace oap::platform
