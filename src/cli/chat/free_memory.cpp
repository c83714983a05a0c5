#include "cli/chat/free_memory.hpp"

/// Of gperftools' malloc_extension_c.h; not there where another allocator is linked.
extern "C" __attribute__((weak)) void MallocExtension_ReleaseFreeMemory();

namespace oap::cli::chat {

void give_back_memory() {
  if (&MallocExtension_ReleaseFreeMemory != nullptr) {
    MallocExtension_ReleaseFreeMemory();
  }
}

}  // namespace oap::cli::chat
