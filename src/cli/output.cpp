#include "cli/output.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "json/print.hpp"

namespace oap::cli {
namespace {

/// What cannot be delivered must not look like success: the process ends here, quietly where the
/// reader has simply gone away.
[[noreturn]] void give_up(int error) {
  constexpr int kReaderGone = 141;
  if (error != EPIPE) {
    const std::string text =
        fmt::format("oap: standard output cannot be written: {}\n", std::strerror(error));
    [[maybe_unused]] const ssize_t written = ::write(2, text.data(), text.size());
  }
  _exit(error == EPIPE ? kReaderGone : 1);
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (fd == 1) {
        give_up(errno);
      }
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void keep_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) {
      const int opened = ::open(fd == 1 ? "/dev/full" : "/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
      if (opened >= 0 && opened != fd) {
        dup2(opened, fd);
        ::close(opened);
      }
    }
  }
}

void print(std::string_view text) { write_all(1, text); }

void print_json(const json::Value& value) { write_all(1, json::print(value) + "\n"); }

void print_message(std::string_view text, bool is_help) { write_all(is_help ? 1 : 2, text); }

void print_error(std::string_view text) { write_all(2, fmt::format("oap: {}\n", text)); }

int report(const Error& error, bool as_json) {
  if (as_json) {
    print_json(json::Object{
        {"success", false}, {"error", error.to_string()}, {"error_code", to_string(error.code())}});
  } else {
    print_error(error.to_string());
  }
  return exit_code(error.code());
}

}  // namespace oap::cli
