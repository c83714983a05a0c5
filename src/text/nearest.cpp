#include "text/nearest.hpp"

#include <algorithm>
#include <array>

#include "text/strings.hpp"

namespace oap::text {
namespace {

constexpr std::size_t kMaxWord = 128;
using Row = std::array<std::size_t, kMaxWord + 1>;

std::size_t tolerance(std::size_t length) {
  if (length < 3) {
    return 0;
  }
  return length <= 5 ? 1 : length / 3;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kMaxWord);
  b = b.substr(0, kMaxWord);
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = to_lower(a[i - 1]) == to_lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && to_lower(a[i - 1]) == to_lower(b[j - 2]) &&
                           to_lower(a[i - 2]) == to_lower(b[j - 1]);
      if (swapped) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = tolerance(word.size()) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate == word) {
      return std::nullopt;
    }
    const std::size_t gap = candidate.size() > word.size() ? candidate.size() - word.size()
                                                           : word.size() - candidate.size();
    const bool only_case = equals_ci(candidate, word);
    if (!only_case && gap >= best_distance) {
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate);
    if (only_case || distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr && word.size() >= 3) {
    for (const std::string& candidate : candidates) {
      if (starts_with_ci(candidate, word) || starts_with_ci(word, candidate + "_")) {
        best = &candidate;
        break;
      }
    }
  }
  return best == nullptr ? std::nullopt : std::optional<std::string>(*best);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> name = nearest(word, candidates);
  return name ? " (did you mean '" + *name + "'?)" : "";
}

}  // namespace oap::text
