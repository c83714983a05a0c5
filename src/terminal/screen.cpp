#include "terminal/screen.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oap::terminal {
namespace {

std::string live_bytes(const Live& live, Paint how) {
  std::string out;
  for (std::size_t i = 0; i < live.rows.size(); ++i) {
    out += (i == 0 ? "" : "\r\n") + paint(live.rows[i], how);
  }
  if (live.rows.empty()) {
    return out;
  }
  out += "\r";
  if (const std::size_t up = live.rows.size() - 1 - live.cursor_row; up > 0) {
    out += fmt::format("\x1b[{}A", up);
  }
  if (live.cursor_column > 0) {
    out += fmt::format("\x1b[{}C", live.cursor_column);
  }
  return out + (live.show_cursor ? "\x1b[?25h" : "");
}

}  // namespace

std::string Screen::to_start() const {
  std::size_t up = 0;
  for (std::size_t i = 0; i < cursor_row_ && i < drawn_.size(); ++i) {
    up += std::max<std::size_t>(1, (drawn_[i] + width_ - 1) / std::max<std::size_t>(1, width_));
  }
  return up > 0 ? fmt::format("\r\x1b[{}A", up) : "\r";
}

std::string Screen::frame(const std::vector<Line>& done, const Live& live) {
  std::string bytes = live_bytes(live, paint_);
  if (done.empty() && bytes == last_) {
    return "";
  }
  std::string out = "\x1b[?25l" + to_start() + "\x1b[J";
  for (const Line& line : done) {
    out += paint(line, paint_) + "\r\n";
  }
  out += bytes;
  last_ = std::move(bytes);
  drawn_.clear();
  for (const Line& row : live.rows) {
    drawn_.push_back(columns_of(row));
  }
  cursor_row_ = live.rows.empty() ? 0 : live.cursor_row;
  return out;
}

std::string Screen::erase() {
  if (drawn_.empty()) {
    return "";
  }
  std::string out = to_start() + "\x1b[J\x1b[?25h";
  forget();
  return out;
}

void Screen::forget() {
  drawn_.clear();
  last_.clear();
  cursor_row_ = 0;
}

}  // namespace oap::terminal
