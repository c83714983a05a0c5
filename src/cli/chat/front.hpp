#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "terminal/editor.hpp"
#include "terminal/style.hpp"

namespace oap::cli::chat {

/// What the person at the terminal does, and what stands below the finished rows meanwhile.
class Person {
 public:
  enum class State { kIdle, kWorking, kAsking };
  virtual ~Person() = default;
  /// A whole text was sent; `shown` has long pastes as marks.
  virtual void said(std::string text, std::string shown) = 0;
  /// The answer to the question under way: one word.
  virtual void answered(std::string_view word) = 0;
  virtual void interrupted(bool text_was_empty) = 0;
  virtual void escaped() = 0;
  /// Any key that is no answer to a question.
  virtual void touched() = 0;
  /// The end of the input, or the terminal is gone.
  virtual void ended() = 0;
  virtual State state() const = 0;
  /// Which question is to be answered now; "" where none is.
  virtual std::string question() const = 0;
  virtual terminal::Completion complete(std::string_view before_cursor) = 0;
  /// Rows above the prompt while it works: what is being written, runs, waits.
  virtual std::vector<terminal::Line> live_rows(std::size_t width, std::size_t most) = 0;
};

/// How the talk looks and how keys come in. Belongs to the executor's thread.
class Front {
 public:
  virtual ~Front() = default;
  /// Reads the person's keys until the terminal is gone or this is cancelled.
  virtual Task<void> listen() = 0;
  /// Redraws what changes by itself; until this is cancelled.
  virtual Task<void> animate() = 0;
  /// Rows that stay.
  virtual void print(std::vector<terminal::Line> rows) = 0;
  /// Something of what `Person` tells has changed.
  virtual void changed() = 0;
  /// Columns that a row may have.
  virtual std::size_t width() const = 0;
  virtual terminal::Paint paint() const = 0;
  /// What was queued comes back to where it can be changed.
  virtual void give_back(std::string_view text) = 0;
  virtual void clear_screen() = 0;
  virtual terminal::Editor& editor() = 0;
  /// Whether what the person wrote stands on the screen already.
  virtual bool echoes() const = 0;
  /// Leaves the terminal as it was, at once.
  virtual void restore() = 0;
};

}  // namespace oap::cli::chat
