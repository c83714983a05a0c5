#include "cli/output.hpp"

#include <cerrno>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "json/print.hpp"

namespace oap::cli {
namespace {

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

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
