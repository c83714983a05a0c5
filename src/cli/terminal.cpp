#include "cli/terminal.hpp"

#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "async/semaphore.hpp"
#include "cli/person.hpp"
#include "json/print.hpp"
#include "os/fd.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMaxShownBytes = 4'000;

std::string shown(const json::Value& value) {
  std::string text =
      value.is_string() ? std::string(json::view(value.get_string())) : json::print(value);
  std::string lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    lines += "\n      " + text::escape_visible(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  if (lines.size() > kMaxShownBytes) {
    const std::size_t left = lines.size() - kMaxShownBytes;
    lines = std::string(text::truncate_utf8(lines, kMaxShownBytes)) +
            fmt::format("\n      [{} more bytes, not shown]", left);
  }
  return lines;
}

}  // namespace

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
  const ToolCall& call = request.call;
  std::string text = fmt::format("\n{} wants to run {}", text::escape_visible(call.principal.role),
                                 text::escape_visible(call.public_name()));
  for (const auto& member : call.arguments) {
    text += fmt::format("\n    {}:{}", text::escape_visible(std::string_view(member.key())),
                        shown(member.value()));
  }
  return text + fmt::format("\n  why asked: {} (rule: {})\nAllow this once? [y/N] ",
                            text::escape_visible(request.reason),
                            text::escape_visible(request.rule));
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
  answer.approved = word == "y" || word == "yes";
  co_return answer;
}

}  // namespace oap::cli
