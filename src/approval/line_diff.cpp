#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "approval/question.hpp"
#include "text/strings.hpp"

namespace oap::approval {
namespace {

constexpr std::size_t kAround = 3;
/// Beyond so many changed lines the whole is shown as replaced.
constexpr int kMaxEdits = 2'000;

struct Line {
  char mark;
  std::string_view text;
  std::size_t number;  ///< in the new text
};

using Lines = std::vector<std::string_view>;
/// Of each diagonal (old line minus new line), the furthest old line that so many edits reach.
using Reach = std::vector<int>;

/// The way through the grid of Myers' greedy algorithm (1986).
class Walk {
 public:
  Walk(const Lines& before, const Lines& after) : before_(before), after_(after) {}

  /// The changed lines and those between them; nothing where they are too many.
  std::vector<Line> lines(std::size_t first) {
    std::vector<Line> out;
    int edits = 0;
    while (!reach(edits)) {
      if (++edits > kMaxEdits) {
        return out;
      }
    }
    int old_line = static_cast<int>(before_.size());
    int new_line = static_cast<int>(after_.size());
    const auto number = [&] { return first + static_cast<std::size_t>(new_line); };
    for (; edits >= 0; --edits) {
      const int diagonal = old_line - new_line;
      const bool added = edits > 0 && is_added(edits, diagonal);
      const int from = edits > 0 ? start(edits, diagonal, added) : 0;
      while (old_line > from) {
        --new_line;
        out.push_back({' ', before_[static_cast<std::size_t>(--old_line)], number()});
      }
      if (edits > 0 && added) {
        --new_line;
        out.push_back({'+', after_[static_cast<std::size_t>(new_line)], number()});
      } else if (edits > 0) {
        out.push_back({'-', before_[static_cast<std::size_t>(--old_line)], number()});
      }
    }
    std::reverse(out.begin(), out.end());
    return out;
  }

 private:
  int furthest(int edits, int diagonal) const {
    return reached_[static_cast<std::size_t>(edits)][static_cast<std::size_t>(diagonal + edits)];
  }
  bool is_added(int edits, int diagonal) const {
    return diagonal == -edits || (diagonal != edits && furthest(edits - 1, diagonal - 1) <
                                                           furthest(edits - 1, diagonal + 1));
  }
  /// The old line after the edit, before the equal lines that follow it.
  int start(int edits, int diagonal, bool added) const {
    return added ? furthest(edits - 1, diagonal + 1) : furthest(edits - 1, diagonal - 1) + 1;
  }
  /// Whether so many edits reach the end.
  bool reach(int edits) {
    const int rows = static_cast<int>(before_.size());
    const int columns = static_cast<int>(after_.size());
    Reach reached(static_cast<std::size_t>(2 * edits + 1), -1);
    bool done = false;
    for (int diagonal = -edits; diagonal <= edits; diagonal += 2) {
      int x = edits == 0 ? 0 : start(edits, diagonal, is_added(edits, diagonal));
      while (x < rows && x - diagonal < columns && x >= diagonal &&
             before_[static_cast<std::size_t>(x)] ==
                 after_[static_cast<std::size_t>(x - diagonal)]) {
        ++x;
      }
      reached[static_cast<std::size_t>(diagonal + edits)] = x;
      done = done || (x == rows && x - diagonal == columns);
    }
    reached_.push_back(std::move(reached));
    return done;
  }

  const Lines& before_;
  const Lines& after_;
  std::vector<Reach> reached_;
};

std::vector<Line> align(const Lines& before, const Lines& after, std::size_t first) {
  std::vector<Line> out = Walk(before, after).lines(first);
  if (out.empty()) {
    for (const std::string_view line : before) {
      out.push_back({'-', line, first});
    }
    for (std::size_t i = 0; i < after.size(); ++i) {
      out.push_back({'+', after[i], first + i});
    }
  }
  return out;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after) {
  Lines old_lines = text::split_lines(before);
  Lines new_lines = text::split_lines(after);
  std::size_t front = 0;
  while (front < old_lines.size() && front < new_lines.size() &&
         old_lines[front] == new_lines[front]) {
    ++front;
  }
  const std::size_t skipped = front > kAround ? front - kAround : 0;
  std::size_t back = 0;
  while (back + front < old_lines.size() && back + front < new_lines.size() &&
         old_lines[old_lines.size() - 1 - back] == new_lines[new_lines.size() - 1 - back]) {
    ++back;
  }
  const std::size_t dropped = back > kAround ? back - kAround : 0;
  old_lines = Lines(old_lines.begin() + static_cast<std::ptrdiff_t>(skipped),
                    old_lines.end() - static_cast<std::ptrdiff_t>(dropped));
  new_lines = Lines(new_lines.begin() + static_cast<std::ptrdiff_t>(skipped),
                    new_lines.end() - static_cast<std::ptrdiff_t>(dropped));
  const std::vector<Line> lines = align(old_lines, new_lines, skipped + 1);
  std::vector<bool> wanted(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t k = i - std::min(i, kAround);
         lines[i].mark != ' ' && k < lines.size() && k <= i + kAround; ++k) {
      wanted[k] = true;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!wanted[i]) {
      continue;
    }
    if (i == 0 || !wanted[i - 1]) {
      out += fmt::format("@@ line {}\n", lines[i].number);
    }
    out += lines[i].mark;
    out += lines[i].text;
    out += '\n';
  }
  return out;
}

}  // namespace oap::approval
