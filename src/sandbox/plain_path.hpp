#pragma once

#include <cstdint>

namespace oap::sandbox {

// Opening what a hostile program may have replaced meanwhile. System calls only.

/// Opens an absolute path in which no name may be a symbolic link; close-on-exec. -ELOOP or
/// -ENOTDIR where one is, else a descriptor or -errno.
int open_plain(const char* path, int flags);

/// Opens a directory in another one for reading, where it is no link. One that the caller owns and
/// that was closed since (nanoseconds of CLOCK_REALTIME; 0: not at all) is given to its owner
/// again: who knows the names in it could still enter. A descriptor or -errno.
int open_directory(int directory, const char* name, std::int64_t closed_since);

/// Adds reading, writing and entering for the owner of an open directory; 0 or -errno.
long give_to_owner(int directory);

}  // namespace oap::sandbox
