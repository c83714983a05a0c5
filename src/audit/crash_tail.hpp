#pragma once

#include <cstdint>

#include "audit/chain.hpp"
#include "audit/segment.hpp"
#include "base/result.hpp"

namespace oap::audit {

/// How the records end that may not have reached the disk when their writer died.
struct CrashTail {
  std::uint64_t end = 0;   ///< where the last good record ends
  std::uint64_t torn = 0;  ///< bytes after it that a crash explains: one incomplete record, or
                           ///< blocks of zeros (written in another order) before later bytes
};

/// Reads a segment from `from`, or from its start where no record ends there, up to its `size`, the
/// end of what was written. `before` is the link at the segment's start. kDataLoss where something
/// stands there that no crash explains. Borrows the descriptor.
Result<CrashTail> read_crash_tail(int fd, const Segment& segment, std::uint64_t from,
                                  const Link& before);

}  // namespace oap::audit
