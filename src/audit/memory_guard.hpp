#pragma once

#include <cstddef>

namespace oap::audit {

/// Lets SIGBUS (a mapped file was cut, or its disk is full) be an answer of `guarded_copy`.
/// Elsewhere the signal does what it did before. Thread-safe; the first call installs the handler.
void guard_mapped_memory();

/// memcpy where either side may be a mapped file; false where that could not be reached, and the
/// copy is then incomplete. Needs `guard_mapped_memory`. Thread-safe.
bool guarded_copy(void* to, const void* from, std::size_t count);

}  // namespace oap::audit
