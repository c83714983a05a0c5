#pragma once

namespace oap::store {

/// When a write returns. What is written belongs to the file's order: whatever of the store
/// survives, all that was written before it does too.
///
/// A killed process (also kill -9) loses neither: what is in the file is the kernel's. Only a loss
/// of power, or of the machine, takes what was written and not yet synced.
enum class Durability {
  kSync,    ///< once it is on disk
  kWritten  ///< once it is in the file; on disk with the next sync of anybody, or within 20 ms
};

}  // namespace oap::store
