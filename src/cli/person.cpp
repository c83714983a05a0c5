#include "cli/person.hpp"

#include <optional>
#include <utility>

#include <fcntl.h>
#include <termios.h>
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

LiveRows* g_live_rows = nullptr;

async::Semaphore& the_terminal() {
  static async::Semaphore turn(1);
  return turn;
}

/// What was typed before it stands there answers nothing.
void put_question(std::string_view prompt, int terminal) {
  tcflush(terminal, TCIFLUSH);
  print_message(prompt, false);
}

}  // namespace

void set_live_rows(LiveRows* rows) { g_live_rows = rows; }

TerminalTurn::TerminalTurn(async::Semaphore::Permit permit) : permit_(std::move(permit)) {
  if (g_live_rows != nullptr) {
    g_live_rows->hide();
  }
}

TerminalTurn::~TerminalTurn() {
  if (permit_ && g_live_rows != nullptr) {
    g_live_rows->show();
  }
}

Task<Result<TerminalTurn>> take_terminal() {
  const Deadline never = Deadline::never();
  OAP_CO_TRY(async::Semaphore::Permit permit, co_await the_terminal().acquire(never));
  co_return TerminalTurn(std::move(permit));
}

Task<Result<std::optional<std::string>>> ask_line(Executor executor, std::string prompt) {
  os::UniqueFd fd = open_terminal();
  if (!fd) {
    co_return std::optional<std::string>();
  }
  OAP_CO_TRY(const TerminalTurn turn, co_await take_terminal());
  put_question(prompt, fd.get());
  async::ReadPipe input(executor, std::move(fd));
  async::LineReader lines(input, kMaxLine);
  auto line = co_await lines.next();
  if (!line || !*line) {
    print_message("\n", false);
  }
  co_return line;
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
  put_question(question, tty.get());
  char answer[64] = {};
  const ssize_t got = ::read(tty.get(), answer, sizeof answer - 1);
  return got > 0 && is_yes(std::string_view(answer, static_cast<std::size_t>(got)));
}

}  // namespace oap::cli
