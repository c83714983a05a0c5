#include "os/self.hpp"

#include <array>
#include <cerrno>
#include <climits>

#include <sys/resource.h>
#include <unistd.h>

#include "os/file.hpp"

namespace oap::os {

Result<std::string> self_path() {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t n = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  if (n < 0) {
    return fail(errno_error("finding the own program at", "/proc/self/exe", errno));
  }
  return std::string(buffer.data(), static_cast<std::size_t>(n));
}

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace oap::os
