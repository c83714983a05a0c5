#pragma once

namespace oap::cli::chat {

/// Gives memory that was freed back to the system, where the allocator can (tcmalloc keeps it
/// otherwise); takes up to a few milliseconds. Any thread.
void give_back_memory();

}  // namespace oap::cli::chat
