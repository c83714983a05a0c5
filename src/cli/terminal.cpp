#include "cli/terminal.hpp"

#include <optional>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "approval/question.hpp"
#include "async/semaphore.hpp"
#include "cli/person.hpp"
#include "os/fd.hpp"
#include "text/strings.hpp"

namespace oap::cli {
bool has_terminal() {
  const os::UniqueFd tty(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  return static_cast<bool>(tty) && isatty(2) == 1;
}

bool stderr_is_terminal() { return isatty(2) == 1; }

int terminal_width() {
  winsize size{};
  return ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string render_question(const approval::Request& request) {
  return approval::question_text(request) + (request.always.empty()
                                                 ? "Allow this once? [y/N] "
                                                 : "Allow this once? [y/N, a = always] ");
}

struct TerminalApprover::Tty {
  Executor executor;
  async::Semaphore turn{1};
};

TerminalApprover::TerminalApprover(Executor executor)
    : tty_(std::make_unique<Tty>(std::move(executor))) {}
TerminalApprover::~TerminalApprover() = default;

Task<Result<approval::Answer>> TerminalApprover::ask(approval::Request request) {
  const Deadline never = Deadline::never();
  OAP_CO_TRY(const async::Semaphore::Permit permit, co_await tty_->turn.acquire(never));
  if (!has_terminal()) {
    co_return approval::Answer{false, "nobody", "", true};
  }
  std::string question = render_question(request);
  auto line = co_await ask_line(tty_->executor, std::move(question));
  if (!line) {
    co_return fail(std::move(line).error());
  }
  approval::Answer answer;
  answer.approver = "terminal";
  if (!*line) {
    answer.nobody = true;
    co_return answer;
  }
  const std::string word = text::lower_ascii(text::trim(**line));
  answer.always = !request.always.empty() && (word == "a" || word == "always");
  answer.approved = answer.always || word == "y" || word == "yes";
  co_return answer;
}

}  // namespace oap::cli
