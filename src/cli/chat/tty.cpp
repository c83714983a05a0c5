#include "cli/chat/tty.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "async/stream.hpp"
#include "cli/output.hpp"
#include "os/env.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace oap::cli::chat {
namespace {

constexpr std::string_view kEnter = "\x1b[?2004h";  // bracketed paste
constexpr std::string_view kLeave = "\x1b[?2004l\x1b[?25h\x1b[0m";
constexpr std::size_t kReadBytes = 64U << 10U;

}  // namespace

struct Tty::State {
  State(const Executor& executor, os::UniqueFd reading, int settings_fd)
      : fd(settings_fd), input(executor, std::move(reading)), resized(executor, SIGWINCH) {}

  bool make_raw() {
    termios now = before;
    now.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
    now.c_cflag |= CS8;
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSADRAIN, &now) == 0;
  }
  void restore() {
    if (std::exchange(raw, false)) {
      draw(kLeave, true);
      tcsetattr(fd, TCSADRAIN, &before);
    }
  }
  /// What was read already is handed out before the posted mark is reached.
  static void settle(const std::shared_ptr<State>& state) {
    state->settling = true;
    boost::asio::post(state->resized.get_executor(), [state] { state->settling = false; });
  }
  static void watch(const std::shared_ptr<State>& state) {
    const std::weak_ptr<State> weak = state;
    state->resized.async_wait([weak](const boost::system::error_code& error, int) {
      const std::shared_ptr<State> alive = weak.lock();
      if (error || !alive) {
        return;
      }
      if (alive->callback) {
        alive->callback();
      }
      watch(alive);
    });
  }

  int fd;  // owned by `input`
  async::ReadPipe input;
  boost::asio::signal_set resized;
  std::function<void()> callback;
  termios before = {};
  bool raw = false;
  bool settling = false;  // reads that had ended before may not have been taken in yet
  bool came_early = false;
};

Tty::Tty(std::shared_ptr<State> state) : state_(std::move(state)) {}
Tty::~Tty() { state_->restore(); }

Result<std::unique_ptr<Tty>> Tty::open(Executor executor, bool raw) {
  os::UniqueFd fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!fd) {
    return fail(Code::kFailedPrecondition, "there is no terminal to talk at");
  }
  const int number = fd.get();
  auto state = std::make_shared<State>(executor, std::move(fd), number);
  if (tcgetattr(number, &state->before) != 0) {
    return fail(os::errno_error("reading the settings of", "/dev/tty", errno));
  }
  if (raw) {
    if (!state->make_raw()) {
      return fail(os::errno_error("setting up", "/dev/tty", errno));
    }
    state->raw = true;
    draw(kEnter, true);
    State::watch(state);
  }
  return std::unique_ptr<Tty>(new Tty(std::move(state)));
}

Task<Result<std::string>> Tty::read() {
  const std::shared_ptr<State> state = state_;
  auto bytes = co_await state->input.read_some(kReadBytes);
  state->came_early = state->settling;
  if (!bytes && bytes.error().code() != Code::kCancelled) {
    co_return std::string();  // a terminal that is gone answers with an error
  }
  co_return bytes;
}

void Tty::write(std::string_view bytes) { draw(bytes, true); }

Size Tty::size() const {
  winsize size = {};
  Size found;
  if (ioctl(state_->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    found.columns = size.ws_col;
    found.rows = size.ws_row > 0 ? size.ws_row : found.rows;
  }
  return found;
}

void Tty::on_resize(std::function<void()> callback) { state_->callback = std::move(callback); }

void Tty::discard_input() {
  tcflush(state_->fd, TCIFLUSH);
  State::settle(state_);
}

std::string Tty::take_input() {
  State::settle(state_);
  std::string taken;
  int waiting = 0;
  while (ioctl(state_->fd, FIONREAD, &waiting) == 0 && waiting > 0 && taken.size() < kReadBytes) {
    std::string piece(static_cast<std::size_t>(waiting), '\0');
    const ssize_t got = ::read(state_->fd, piece.data(), piece.size());
    if (got <= 0) {
      break;
    }
    taken.append(piece, 0, static_cast<std::size_t>(got));
  }
  return taken;
}

bool Tty::came_early() const { return state_->came_early; }

void Tty::suspend() {
  state_->restore();
  ::kill(0, SIGTSTP);
  state_->raw = state_->make_raw();
  draw(kEnter, true);
}

void Tty::restore() { state_->restore(); }

bool is_attended() { return isatty(0) == 1 && isatty(1) == 1; }

bool is_dumb() {
  const std::string term = os::env("TERM").value_or("");
  return term.empty() || term == "dumb";
}

}  // namespace oap::cli::chat
