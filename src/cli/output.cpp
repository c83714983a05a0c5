#include "cli/output.hpp"

#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "json/print.hpp"
#include "terminal/width.hpp"
#include "text/utf8.hpp"

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

bool is_terminal(int fd) { return isatty(fd) == 1; }

void write_text(int fd, std::string_view text) {
  if (is_terminal(fd)) {
    write_all(fd, terminal::shown(text));
  } else {
    write_all(fd, text);
  }
}

void append_escape(std::string& out, char32_t point) {
  if (point > 0xFFFF) {
    const char32_t rest = point - 0x10000;
    append_escape(out, 0xD800 + (rest >> 10U));
    append_escape(out, 0xDC00 + (rest & 0x3FFU));
    return;
  }
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(point));
}

}  // namespace

std::string json_for_terminal(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const text::CodePoint point = text::decode_at(line, at);
    if (!point.valid || (text::is_deceptive(point.value) && point.value != U'\n')) {
      append_escape(out, point.valid ? point.value : U'\uFFFD');
    } else {
      out += line.substr(at, point.length);
    }
    at += point.length;
  }
  return out;
}

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

void print(std::string_view text) { write_text(1, text); }

void draw(std::string_view text, bool on_stdout) { write_all(on_stdout ? 1 : 2, text); }

void print_json(const json::Value& value) {
  const std::string line = json::print(value) + "\n";
  write_all(1, is_terminal(1) ? json_for_terminal(line) : line);
}

void print_message(std::string_view text, bool is_help) { write_text(is_help ? 1 : 2, text); }

void print_error(std::string_view text) { write_text(2, fmt::format("oap: {}\n", text)); }

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
