#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/result.hpp"

namespace oap::cli::chat {

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// The terminal that a person sits at. While `raw`, keys come as they are typed and Ctrl-C is a key
/// like others; whatever ends the object, the terminal is as it was before. Reads /dev/tty, writes
/// standard output. Belongs to the executor's thread.
class Tty {
 public:
  /// kFailedPrecondition where there is no terminal, or it cannot be set up.
  static Result<std::unique_ptr<Tty>> open(Executor executor, bool raw);
  ~Tty();
  Tty(const Tty&) = delete;
  Tty& operator=(const Tty&) = delete;

  /// Waits for some bytes; "" when the terminal is gone. kCancelled.
  Task<Result<std::string>> read();
  /// Throws away what was typed and not read yet.
  void discard_input();
  /// Takes what was typed and not read yet, without waiting.
  std::string take_input();
  /// Whether what read() gave last was typed before the last call of those two.
  bool came_early() const;
  void write(std::string_view bytes);
  Size size() const;
  /// Called when the size has changed; empty ends it.
  void on_resize(std::function<void()> callback);
  /// Stops the process as Ctrl-Z does; returns when it goes on, with the terminal raw again.
  void suspend();
  /// The terminal as it was before; for an end that runs no destructors.
  void restore();

 private:
  struct State;
  explicit Tty(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // watched by the pending wait for a change of size
};

/// Whether standard input and output are a terminal that a person can sit at.
bool is_attended();
/// TERM is dumb or not set: only plain lines.
bool is_dumb();

}  // namespace oap::cli::chat
