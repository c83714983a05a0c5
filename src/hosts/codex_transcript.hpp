#pragma once

#include <optional>
#include <string_view>

#include "json/value.hpp"

namespace oap::hosts {

/// The arguments of a tool call as the model wrote them, from a session's transcript (JSON lines,
/// newest last; its beginning may be cut off): Codex's hook event leaves out in which folder a
/// command runs. Nothing where the call is not in it. Pure. Source: Codex's rollout files, 0.171.
std::optional<json::Object> codex_call_arguments(std::string_view transcript,
                                                 std::string_view call_id);

}  // namespace oap::hosts
