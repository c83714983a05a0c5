#pragma once

#include <cstddef>

#include <sys/uio.h>

namespace oap::sandbox {

// Descriptors between the processes after the fork: system calls only.

inline constexpr std::size_t kMostDescriptors = 4;

/// One message with the bytes of `part` and at most kMostDescriptors descriptors. False where it
/// was not sent.
bool send_descriptors(int to, iovec part, const int* fds, std::size_t count);

/// Waits for the next message, of at most the size of `part`. Its size, 0 where the other end is
/// gone, -errno. The descriptors that came are the caller's; those that did not are -1.
long receive_descriptors(int from, iovec part, int (&fds)[kMostDescriptors]);

}  // namespace oap::sandbox
