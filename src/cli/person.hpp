#pragma once

#include <optional>
#include <string>
#include <utility>

#include "async/semaphore.hpp"
#include "async/task.hpp"

namespace oap::cli {

/// Rows that a view redraws in place at the terminal: put away while a person is asked there.
class LiveRows {
 public:
  virtual ~LiveRows() = default;
  /// Takes them off the screen; nothing is drawn until show(), what ends meanwhile is kept.
  virtual void hide() = 0;
  virtual void show() = 0;
};
/// Those of this process, borrowed; null: none. Of the executor's thread.
void set_live_rows(LiveRows* rows);

/// The terminal, for whoever shows or asks something there; given back when destroyed. Nobody else
/// has it meanwhile, and live rows are put away.
class TerminalTurn {
 public:
  explicit TerminalTurn(async::Semaphore::Permit permit);
  TerminalTurn(TerminalTurn&& other) noexcept
      : permit_(std::exchange(other.permit_, std::nullopt)) {}
  TerminalTurn& operator=(TerminalTurn&&) = delete;
  ~TerminalTurn();

 private:
  std::optional<async::Semaphore::Permit> permit_;
};
/// Waits for it; kCancelled.
Task<Result<TerminalTurn>> take_terminal();

/// Shows `prompt` on stderr and reads one line from /dev/tty; nothing at the end of the input or
/// where there is no terminal. What was typed before the prompt stood there is thrown away: nobody
/// answers a question unseen. Several are asked one after another. The line is without its end and
/// at most 64 KiB.
Task<Result<std::optional<std::string>>> ask_line(Executor executor, std::string prompt);
/// The same for y or yes; anything else is no.
Task<Result<bool>> ask_yes(Executor executor, std::string question);

/// The same where no event loop runs yet.
bool ask_yes_now(const std::string& question);

}  // namespace oap::cli
