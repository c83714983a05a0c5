#pragma once

#include <optional>

#include "async/bulkhead.hpp"
#include "mcp/client/client.hpp"

namespace oap::gateway {

/// A place among the calls that are made at once, or none.
using Place = std::optional<async::Bulkhead::Permit>;

/// A call that asks its client waits for a person, and works on nothing: it keeps no place from the
/// others while it does, nor later, since the server has begun it. The places outlive the handler.
mcp::AskHandler freeing(mcp::AskHandler ask, Place& one, Place& other);

}  // namespace oap::gateway
