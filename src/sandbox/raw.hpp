#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Code that runs between fork and exec, where a sanitizer's runtime must not be called.
#define OAP_AFTER_FORK __attribute__((no_sanitize("address", "thread", "undefined", "memory")))

namespace oap::sandbox::raw {

// System calls without libc: a failure is -errno, and no thread-local storage is touched, so that
// processes which share memory do not disturb each other.

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

OAP_AFTER_FORK inline long trap(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long answer = number;
  asm volatile("syscall"
               : "+a"(answer)
               : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return answer;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc 0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
#else
#error "the launcher knows x86-64 and AArch64"
#endif
}

template <class A = int, class B = int, class C = int, class D = int, class E = int, class F = int>
OAP_AFTER_FORK inline long call(long number, A a = 0, B b = 0, C c = 0, D d = 0, E e = 0, F f = 0) {
  return trap(number, word(a), word(b), word(c), word(d), word(e), word(f));
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

OAP_AFTER_FORK inline std::size_t length(const char* text) {
  std::size_t size = 0;
  while (text[size] != '\0') {
    ++size;
  }
  return size;
}

OAP_AFTER_FORK inline bool same(const char* text, const char* other) {
  while (*text != '\0' && *text == *other) {
    ++text;
    ++other;
  }
  return *text == *other;
}

/// One name that getdents64 lists.
struct Listed {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};

/// Nanoseconds of CLOCK_REALTIME. On a file system that keeps whole seconds: the last moment that
/// the time may stand for.
OAP_AFTER_FORK inline std::int64_t changed_at(const struct stat& info) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t within = info.st_ctim.tv_nsec == 0 ? kSecond - 1 : info.st_ctim.tv_nsec;
  return std::int64_t{info.st_ctim.tv_sec} * kSecond + within;
}

/// Of CLOCK_MONOTONIC.
OAP_AFTER_FORK inline std::int64_t now_ms() {
  timespec now{};
  call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// Writes a whole text into an existing file of /proc or a control group; 0 or -errno.
OAP_AFTER_FORK inline long write_file(int directory, const char* path, const char* text) {
  const int fd = open_at(directory, path, O_WRONLY);
  if (fd < 0) {
    return fd;
  }
  const long done = write(fd, text, length(text));
  close(fd);
  return done < 0 ? done : 0;
}

[[noreturn]] OAP_AFTER_FORK inline void exit(int code) {
  while (true) {
    call(SYS_exit_group, code);
  }
}

}  // namespace oap::sandbox::raw
