#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "base/clock.hpp"
#include "cli/chat/front.hpp"
#include "cli/chat/tty.hpp"
#include "terminal/keys.hpp"
#include "terminal/screen.hpp"

namespace oap::cli::chat {

/// A terminal that can move its cursor: the prompt stays at the bottom and can be written in while
/// answers stream above it.
class RichFront final : public Front {
 public:
  RichFront(Executor executor, std::unique_ptr<Tty> tty, terminal::Paint paint, Person& person);
  ~RichFront() override;

  Task<void> listen() override;
  Task<void> animate() override;
  void print(std::vector<terminal::Line> rows) override;
  void changed() override;
  std::size_t width() const override { return width_ - 1; }
  terminal::Paint paint() const override { return paint_; }
  void give_back(std::string_view text) override;
  void clear_screen() override;
  terminal::Editor& editor() override { return editor_; }
  bool echoes() const override { return false; }
  void restore() override;

 private:
  void press(const terminal::Key& key, bool early = false);
  void answer(const terminal::Key& key);
  void take_answer(const std::string& text);
  void complete();
  void draw();
  void measure();
  void submit();
  terminal::Live live();
  terminal::Live asking();

  std::unique_ptr<Tty> tty_;
  terminal::Paint paint_;
  Person& person_;
  std::size_t width_;
  std::size_t rows_ = 24;
  terminal::KeyReader keys_;
  terminal::Editor editor_;
  terminal::Screen screen_;
  std::vector<terminal::Line> done_;
  std::vector<std::string> hints_;  // candidates of the last completion
  async::Event wake_;
  std::string drawn_question_;  // no key answers a question that is not on the screen yet
  bool careful_ = false;        // the question came while the person was typing: Enter must follow
  std::string answer_;
  SteadyTime last_key_;
};

}  // namespace oap::cli::chat
