#pragma once

#include "hosts/event.hpp"
#include "hosts/reply.hpp"

namespace oap::platform {

// Codex's hook event does not say in which folder a command starts, where the model names one
// (`workdir`), and its rules for paths are those of that folder.

/// Adds the folder to the arguments, from the session's transcript. False where it cannot be known:
/// the event names a transcript, and the command's call is not there. Reads at most the last
/// megabyte; blocks.
bool place_codex_call(hosts::Event& event);

/// After the decision: the host's arguments are again those that it knows, and an allowed command
/// that could not be placed is changed to start in the folder that it was judged for.
void settle_codex_call(const hosts::Event& event, hosts::Verdict& verdict, bool is_placed);

}  // namespace oap::platform
