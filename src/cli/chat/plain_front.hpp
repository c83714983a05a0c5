#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/signal.hpp"
#include "cli/chat/front.hpp"
#include "cli/chat/tty.hpp"

namespace oap::cli::chat {

/// A terminal that knows nothing but lines (TERM=dumb): it echoes and edits by itself, rows are
/// written one after another, and nothing is ever drawn over.
class PlainFront final : public Front {
 public:
  PlainFront(std::unique_ptr<Tty> tty, Person& person);

  Task<void> listen() override;
  Task<void> animate() override;
  void print(std::vector<terminal::Line> rows) override;
  void changed() override;
  std::size_t width() const override;
  terminal::Paint paint() const override { return terminal::Paint::kNone; }
  void give_back(std::string_view text) override;
  void clear_screen() override {}
  bool echoes() const override { return true; }
  terminal::Editor& editor() override { return editor_; }
  void restore() override { tty_->restore(); }

 private:
  void take_line(std::string line);
  void prompt();

  std::unique_ptr<Tty> tty_;
  Person& person_;
  terminal::Editor editor_;  // its history alone is used
  std::string pending_;      // bytes of a line that has not ended
  std::string text_;         // lines before this one, which ended with a backslash
  std::string drawn_question_;
  std::string at_prompt_;  // what stands on the last row, waiting for a line
};

}  // namespace oap::cli::chat
