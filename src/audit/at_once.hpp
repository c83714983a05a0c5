#pragma once

#include <cstddef>
#include <functional>

namespace oap::audit {

/// Calls `work` once for each number below `count`: in their order from this thread, and where that
/// takes long, the rest from a few threads in no order. Returns when all calls have. `work` must
/// not throw.
void at_once(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace oap::audit
