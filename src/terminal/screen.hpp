#pragma once

#include <string>
#include <vector>

#include "terminal/style.hpp"

namespace oap::terminal {

/// What is redrawn at the bottom of the terminal, and where the cursor stands in it.
struct Live {
  std::vector<Line> rows;  ///< none longer than the width
  std::size_t cursor_row = 0;
  std::size_t cursor_column = 0;
  bool show_cursor = true;
};

/// The bytes that bring a terminal from what was written before to what is wanted: finished rows
/// scroll up and stay, the live rows below them are redrawn in place. Uses only what every
/// ANSI terminal knows (ECMA-48: CUU, CUF, ED, CR). Where the width changes, rows that the terminal
/// has wrapped anew are counted by their columns. Pure but for what it remembers of the last frame.
class Screen {
 public:
  Screen(Paint paint, std::size_t width) : paint_(paint), width_(width) {}

  /// `done` rows are written for good. Empty where there is nothing to change.
  std::string frame(const std::vector<Line>& done, const Live& live);
  /// Takes the live rows away; the cursor stands where they began.
  std::string erase();
  /// The screen was cleared or written to by others: nothing is there any more.
  void forget();
  void set_width(std::size_t width) { width_ = width; }

 private:
  std::string to_start() const;

  Paint paint_;
  std::size_t width_;
  std::vector<std::size_t> drawn_;  // columns of each live row on the screen
  std::size_t cursor_row_ = 0;
  std::string last_;  // bytes of the live rows
};

}  // namespace oap::terminal
