#pragma once

#include <string>

#include "model/tool.hpp"

namespace oap::cli {

/// A call of the mission's own tools in a few words ("worker: trim the name", "tick T1"); "" for
/// every other call. Not bounded, and not yet made safe for a terminal. Pure.
std::string mission_call_words(const ToolCall& call);

}  // namespace oap::cli
