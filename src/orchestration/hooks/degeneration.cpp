#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "orchestration/hooks/sanity_check.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

/// A window that is one unit over and over. The longer the window, the longer the unit may be; a
/// unit without letters must go on for a whole large window.
struct WindowSize {
  std::size_t bytes;
  std::size_t longest_unit;
  bool digits_count;
};
constexpr std::array<WindowSize, 6> kWindows = {
    WindowSize{400, 16, false},    WindowSize{1'000, 90, false},  WindowSize{2'048, 170, true},
    WindowSize{4'096, 360, false}, WindowSize{8'192, 740, false}, WindowSize{16'384, 1'600, true}};
constexpr std::size_t kMostWindows = 512;
constexpr std::size_t kWordWindow = 240;
constexpr std::size_t kFewWords = 5;

/// Letters of any script; no digits, punctuation, box drawings, blocks, Braille or emoji.
bool is_letter(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  return (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) || (c >= 0x2C00 && c < 0x2E00) ||
         (c >= 0x3040 && c < 0xD800) || (c >= 0xF900 && c < 0xFE00) ||
         (c >= 0x20000 && c < 0x40000);
}

bool has_letter(std::string_view text) {
  for (const text::CodePoint point : text::CodePoints(text)) {
    if (is_letter(point.value)) {
      return true;
    }
  }
  return false;
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), text::is_digit);
}

/// What stands outside closed code fences; an open one at the end is part of it.
std::string outside_fences(std::string_view text) {
  std::string out;
  std::string inside;
  std::string_view fence;
  for (const std::string_view line : text::split_lines(text)) {
    const std::string_view trimmed = text::trim(line);
    const bool mark = trimmed.starts_with("```") || trimmed.starts_with("~~~");
    if (fence.empty() && mark) {
      fence = trimmed.substr(0, 3);
      continue;
    }
    if (!fence.empty() && mark && trimmed.starts_with(fence)) {
      fence = {};
      inside.clear();
      continue;
    }
    (fence.empty() ? out : inside) += std::string(line) + "\n";
  }
  return out + inside;
}

/// The length of the unit of which the text consists, by the failure function of Knuth, Morris and
/// Pratt; the whole length where it does not repeat.
std::size_t unit_of(std::string_view text, std::vector<std::uint32_t>& borders) {
  borders.assign(text.size(), 0);
  std::uint32_t border = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    while (border > 0 && text[i] != text[border]) {
      border = borders[border - 1];
    }
    border += text[i] == text[border] ? 1U : 0U;
    borders[i] = border;
  }
  return text.size() - borders.back();
}

std::optional<std::string> repeated_unit(std::string_view text) {
  std::vector<std::uint32_t> borders;
  for (const WindowSize& size : kWindows) {
    if (text.size() < size.bytes) {
      break;
    }
    const std::size_t stride = std::max(size.bytes / 2, text.size() / kMostWindows);
    for (std::size_t at = 0;; at += stride) {
      const std::size_t from = std::min(at, text.size() - size.bytes);
      const std::string_view window = text.substr(from, size.bytes);
      const std::size_t unit = unit_of(window, borders);
      const std::string_view one = window.substr(0, unit);
      const bool rows = one.find('|') != std::string_view::npos &&
                        one.find('\n') != std::string_view::npos && !size.digits_count;
      if (unit <= size.longest_unit && !rows &&
          (has_letter(one) || (size.digits_count && has_digit(one)))) {
        return fmt::format("a unit of {} bytes is repeated {} times and more", unit,
                           size.bytes / unit);
      }
      if (from + size.bytes >= text.size()) {
        break;
      }
    }
  }
  return std::nullopt;
}

/// A cycle of up to 30 lines, over and over.
std::optional<std::string> repeated_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (const std::string_view line : text::split_lines(text)) {
    if (const std::string_view trimmed = text::trim(line); !trimmed.empty()) {
      lines.push_back(trimmed);
    }
  }
  constexpr std::size_t kLongestCycle = 30;
  constexpr std::size_t kLeastRun = 12;
  for (std::size_t cycle = 1; cycle <= kLongestCycle && cycle * 2 < lines.size(); ++cycle) {
    const std::size_t enough = std::max(kLeastRun, cycle * 6);
    std::size_t run = 0;
    std::size_t letters = 0;
    for (std::size_t i = cycle; i < lines.size(); ++i) {
      if (lines[i] != lines[i - cycle]) {
        run = letters = 0;
        continue;
      }
      ++run;
      letters +=
          has_letter(lines[i]) && lines[i].size() >= 8 && !lines[i].starts_with('|') ? 1U : 0U;
      if (run >= enough && letters * 2 >= run) {
        return fmt::format("{} lines are repeated {} times and more", cycle, run / cycle + 1);
      }
    }
  }
  return std::nullopt;
}

/// Many words in a row of which only a few differ, in whatever order.
std::optional<std::string> few_words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : text::split_words(text)) {
    if (has_letter(word)) {
      words.push_back(text::lower_ascii(word));
    }
  }
  for (std::size_t from = 0; from + kWordWindow <= words.size(); from += kWordWindow / 2) {
    std::set<std::string_view> different;
    for (std::size_t i = from; i < from + kWordWindow && different.size() <= kFewWords; ++i) {
      different.insert(words[i]);
    }
    if (different.size() <= kFewWords) {
      return fmt::format("{} words in a row, of which only {} differ", kWordWindow,
                         different.size());
    }
  }
  return std::nullopt;
}

/// Long runs of a handful of letters without any order ("abbabaab…").
std::optional<std::string> few_letters(std::string_view text) {
  constexpr std::size_t kWindow = 800;
  for (std::size_t from = 0; from + kWindow <= text.size(); from += kWindow) {
    std::array<std::size_t, 256> counts{};
    std::size_t total = 0;
    std::size_t letters = 0;
    for (const char c : text.substr(from, kWindow)) {
      if (!text::is_space(c)) {
        ++counts[static_cast<unsigned char>(c)];
        ++total;
        letters += text::is_alpha(c) ? 1U : 0U;
      }
    }
    double entropy = 0;
    std::size_t different = 0;
    for (const std::size_t count : counts) {
      if (count > 0) {
        const double share = static_cast<double>(count) / static_cast<double>(total);
        entropy -= share * std::log2(share);
        ++different;
      }
    }
    if (letters * 2 >= total && total >= kWindow / 2 && different < 6 && entropy < 1.5) {
      return fmt::format("{} characters in a row, of which only {} differ", total, different);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_anomaly(std::string_view text) {
  const std::string prose = outside_fences(text);
  for (const auto detector : {repeated_unit, repeated_lines, few_words, few_letters}) {
    if (auto found = detector(prose)) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace oap::orchestration
