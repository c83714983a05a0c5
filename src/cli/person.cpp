#include "cli/person.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "async/stream.hpp"
#include "cli/output.hpp"
#include "os/fd.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMaxLine = 64U << 10U;

bool is_yes(std::string_view line) {
  const std::string word = text::lower_ascii(text::trim(line));
  return word == "y" || word == "yes";
}

os::UniqueFd open_terminal() {
  return os::UniqueFd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

}  // namespace

Task<Result<std::optional<std::string>>> ask_line(Executor executor, std::string prompt) {
  os::UniqueFd fd = open_terminal();
  if (!fd) {
    co_return std::optional<std::string>();
  }
  print_message(prompt, false);
  async::ReadPipe input(executor, std::move(fd));
  async::LineReader lines(input, kMaxLine);
  co_return co_await lines.next();
}

Task<Result<bool>> ask_yes(Executor executor, std::string question) {
  OAP_CO_TRY(const std::optional<std::string> line,
             co_await ask_line(std::move(executor), std::move(question)));
  co_return line&& is_yes(*line);
}

bool ask_yes_now(const std::string& question) {
  const os::UniqueFd tty = open_terminal();
  if (!tty) {
    return false;
  }
  print_message(question, false);
  char answer[64] = {};
  const ssize_t got = ::read(tty.get(), answer, sizeof answer - 1);
  return got > 0 && is_yes(std::string_view(answer, static_cast<std::size_t>(got)));
}

}  // namespace oap::cli
