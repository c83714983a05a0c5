#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "approval/question.hpp"
#include "text/strings.hpp"

namespace oap::approval {
namespace {

constexpr std::size_t kMaxLines = 200;
constexpr std::size_t kAround = 3;
constexpr std::size_t kMaxTable = 4'000'000;

struct Line {
  char mark;
  std::string_view text;
  std::size_t number;  ///< in the new text
};

using Lines = std::vector<std::string_view>;

/// The longest common lines, by the usual table; beyond its limit all is replaced.
std::vector<Line> align(const Lines& before, const Lines& after, std::size_t first) {
  std::vector<Line> out;
  const std::size_t rows = before.size();
  const std::size_t columns = after.size();
  std::vector<std::uint32_t> common;
  const bool small = (rows + 1) * (columns + 1) <= kMaxTable;
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (columns + 1) + j];
  };
  if (small) {
    common.assign((rows + 1) * (columns + 1), 0);
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns; j-- > 0;) {
        at(i, j) =
            before[i] == after[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    const bool same = small && i < rows && j < columns && before[i] == after[j];
    const bool removed = i < rows && (j >= columns || !small || at(i + 1, j) >= at(i, j + 1));
    if (same) {
      out.push_back({' ', after[j], first + j});
      ++i;
      ++j;
    } else if (removed) {
      out.push_back({'-', before[i++], first + j});
    } else {
      out.push_back({'+', after[j], first + j});
      ++j;
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
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!wanted[i]) {
      continue;
    }
    if (count++ >= kMaxLines) {
      return out + fmt::format("[{} more lines, not shown]\n", lines.size() - i);
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
