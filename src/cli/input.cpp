#include "cli/input.hpp"

#include <cerrno>

#include <unistd.h>

namespace oap::cli {

Result<std::string> read_stdin(std::size_t max_bytes) {
  std::string text;
  char buffer[65'536];
  while (true) {
    const ssize_t got = ::read(0, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail(Code::kUsage, "standard input cannot be read");
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > max_bytes) {
      return fail(Code::kUsage, "standard input is larger than {} bytes", max_bytes);
    }
  }
}

}  // namespace oap::cli
