#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Code that runs between fork and exec, where a sanitizer's runtime must not be called.
#define OAP_AFTER_FORK __attribute__((no_sanitize("address", "thread", "undefined", "memory")))

namespace oap::sandbox::raw {

// System calls without libc's wrappers (which sanitizers replace); a failure is -errno.

/// Every argument as the whole register that the kernel reads.
template <class T>
OAP_AFTER_FORK inline long word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<long>(value);
  }
}

template <class... Args>
OAP_AFTER_FORK inline long call(long number, Args... args) {
  const long answer = ::syscall(number, word(args)...);
  return answer < 0 ? -errno : answer;
}

OAP_AFTER_FORK inline long write(int fd, const void* data, std::size_t size) {
  long done = 0;
  do {
    done = call(SYS_write, fd, data, size);
  } while (done == -EINTR);
  return done;
}

OAP_AFTER_FORK inline long read(int fd, void* data, std::size_t size) {
  long done = 0;
  do {
    done = call(SYS_read, fd, data, size);
  } while (done == -EINTR);
  return done;
}

OAP_AFTER_FORK inline int open_at(int directory, const char* path, int flags) {
  return static_cast<int>(call(SYS_openat, directory, path, flags | O_CLOEXEC, 0));
}

OAP_AFTER_FORK inline void close(int fd) { call(SYS_close, fd); }

OAP_AFTER_FORK inline long kill(pid_t pid, int signal_number) {
  return call(SYS_kill, pid, signal_number);
}

[[noreturn]] OAP_AFTER_FORK inline void exit(int code) {
  while (true) {
    call(SYS_exit_group, code);
  }
}

}  // namespace oap::sandbox::raw
