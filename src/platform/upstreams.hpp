#pragma once

#include "gateway/upstream/upstream.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// Puts the built-in server and every configured one into the set. Starts none.
Result<void> add_upstreams(gateway::UpstreamSet& set, const Settings& settings, Executor executor);

}  // namespace oap::platform
