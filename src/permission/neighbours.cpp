#include "permission/neighbours.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "text/utf8.hpp"

namespace oap::permission {
namespace {

using Kind = text::GlobNode::Kind;

template <class Iterator>
std::u32string literal(Iterator begin, Iterator end) {
  std::u32string out;
  for (Iterator at = begin; at != end && at->kind == Kind::kChar; ++at) {
    out += at->value;
  }
  return out;
}

/// A text that stands in every text of the language: the longest that is not at its front.
std::string longest(const text::GlobSequence& nodes) {
  std::string front;
  std::string best;
  std::string here;
  for (const text::GlobNode& node : nodes) {
    if (node.kind == Kind::kChar && node.value < text::kInvalidByte) {
      text::append_utf8(here, node.value);
      best = here.size() > best.size() ? here : best;
    } else {
      front = front.empty() ? std::exchange(best, "") : front;
      here.clear();
    }
  }
  return best.empty() ? front : best;
}

bool alike(const std::u32string& a, const std::u32string& b) {
  return a.starts_with(b) || b.starts_with(a);
}

std::size_t sum(const std::vector<std::pair<std::size_t, std::size_t>>& parts) {
  std::size_t out = 0;
  for (const auto& [begin, end] : parts) {
    out += end - begin;
  }
  return out;
}

}  // namespace

void Neighbours::Order::sort() {
  sorted.resize(ends.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(),
            [this](std::uint32_t a, std::uint32_t b) { return ends[a] < ends[b]; });
}

std::vector<std::pair<std::size_t, std::size_t>> Neighbours::Order::like(
    const std::u32string& end) const {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  using View = std::u32string_view;
  const auto first = [&](View key) {
    return std::lower_bound(sorted.begin(), sorted.end(), key,
                            [&](std::uint32_t id, View text) { return View(ends[id]) < text; });
  };
  const auto place = [&](auto at) { return static_cast<std::size_t>(at - sorted.begin()); };
  for (std::size_t length = 0; length < end.size(); ++length) {
    const View shorter = View(end).substr(0, length);
    const auto begin = first(shorter);
    const auto behind = std::partition_point(begin, sorted.end(),
                                             [&](std::uint32_t id) { return ends[id] == shorter; });
    if (begin != behind) {
      out.emplace_back(place(begin), place(behind));
    }
  }
  const auto begin = first(end);
  const auto behind = std::partition_point(
      begin, sorted.end(), [&](std::uint32_t id) { return ends[id].starts_with(end); });
  out.emplace_back(place(begin), place(behind));
  return out;
}

Neighbours::Neighbours(const std::vector<text::GlobSequence>& languages) {
  for (const text::GlobSequence& language : languages) {
    fronts_.ends.push_back(literal(language.begin(), language.end()));
    backs_.ends.push_back(literal(language.rbegin(), language.rend()));
    inner_.push_back(longest(language));
  }
  fronts_.sort();
  backs_.sort();
}

std::vector<std::uint32_t> Neighbours::of(std::uint32_t language) const {
  const auto fronts = fronts_.like(fronts_.ends[language]);
  const auto backs = backs_.like(backs_.ends[language]);
  const bool by_front = sum(fronts) <= sum(backs);
  const Order& taken = by_front ? fronts_ : backs_;
  const Order& other = by_front ? backs_ : fronts_;
  std::vector<std::uint32_t> out;
  for (const auto& [begin, end] : by_front ? fronts : backs) {
    for (std::size_t at = begin; at < end; ++at) {
      const std::uint32_t id = taken.sorted[at];
      if (alike(other.ends[id], other.ends[language])) {
        out.push_back(id);
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool Neighbours::may_have(std::uint32_t language, std::string_view text) const {
  return text.find(inner_[language]) != std::string_view::npos;
}

}  // namespace oap::permission
