#include "gateway/trust/diff.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/compare.hpp"
#include "json/pointer.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kLongText = 240;
constexpr std::size_t kSurroundings = 60;

class Comparison {
 public:
  explicit Comparison(std::size_t limit) : limit_(limit) {}

  void compare(const json::Value& before, const json::Value& after, const std::string& path,
               std::size_t depth) {
    if (json::equal(before, after)) {
      return;
    }
    const std::size_t mark = changes_.size();
    bool told = false;
    if (depth < kMaxDepth && before.is_object() && after.is_object()) {
      told = compare_objects(before.get_object(), after.get_object(), path, depth);
    } else if (depth < kMaxDepth && before.is_array() && after.is_array()) {
      told = compare_arrays(before.get_array(), after.get_array(), path, depth);
    }
    if (!told) {
      changes_.resize(mark);
      changes_.push_back({path, before, after});
    }
  }

  std::vector<Change> take() { return std::move(changes_); }

 private:
  /// False where the limit came first.
  bool compare_objects(const json::Object& before, const json::Object& after,
                       const std::string& path, std::size_t depth) {
    for (const auto& member : before) {
      const std::string at = json::pointer_join(path, member.key());
      if (const json::Value* const other = json::find(after, member.key())) {
        compare(member.value(), *other, at, depth + 1);
      } else {
        changes_.push_back({at, member.value(), std::nullopt});
      }
      if (changes_.size() > limit_) {
        return false;
      }
    }
    for (const auto& member : after) {
      if (json::find(before, member.key()) == nullptr) {
        changes_.push_back({json::pointer_join(path, member.key()), std::nullopt, member.value()});
      }
      if (changes_.size() > limit_) {
        return false;
      }
    }
    return true;
  }

  bool compare_arrays(const json::Array& before, const json::Array& after, const std::string& path,
                      std::size_t depth) {
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      const std::string at = json::pointer_join(path, i);
      if (i >= after.size()) {
        changes_.push_back({at, before[i], std::nullopt});
      } else if (i >= before.size()) {
        changes_.push_back({at, std::nullopt, after[i]});
      } else {
        compare(before[i], after[i], at, depth + 1);
      }
      if (changes_.size() > limit_) {
        return false;
      }
    }
    return true;
  }

  std::size_t limit_;
  std::vector<Change> changes_;
};

bool starts_code_point(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80;
}

/// How much of the start and of the end two texts share, less their surroundings.
struct Shared {
  std::size_t head = 0;
  std::size_t tail = 0;
};

Shared shared_parts(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  const auto head = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + shorter, b.begin()).first - a.begin());
  std::size_t tail = 0;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  Shared shared{head > kSurroundings ? head - kSurroundings : 0,
                tail > kSurroundings ? tail - kSurroundings : 0};
  while (shared.head > 0 && !starts_code_point(a, shared.head)) {
    --shared.head;
  }
  while (shared.tail > 0 && !starts_code_point(a, a.size() - shared.tail)) {
    --shared.tail;
  }
  return shared;
}

void append_lines(std::string& out, char sign, std::string_view text, Shared shared) {
  const auto put = [&](std::string_view line) { out += fmt::format("    {} {}\n", sign, line); };
  if (shared.head > 0) {
    put(fmt::format("[{} bytes as on the other side]", shared.head));
  }
  const std::string_view middle = text.substr(shared.head, text.size() - shared.head - shared.tail);
  for (const std::string_view line : text::split(middle, '\n')) {
    put(text::escape_visible(line));
  }
  if (shared.tail > 0) {
    put(fmt::format("[{} bytes as on the other side]", shared.tail));
  }
}

std::string shown(const json::Value& value) {
  return value.is_string() ? std::string(json::view(value.get_string()))
                           : json::print_pretty(value);
}

}  // namespace

std::vector<Change> changes_between(const json::Value& before, const json::Value& after,
                                    std::size_t limit) {
  Comparison comparison(limit);
  comparison.compare(before, after, "", 0);
  return comparison.take();
}

std::string changes_text(const std::vector<Change>& changes) {
  std::string out;
  for (const Change& change : changes) {
    const char sign = !change.before ? '+' : !change.after ? '-' : '~';
    out += fmt::format("{} {}\n", sign,
                       change.path.empty() ? "(all)" : text::escape_visible(change.path));
    const std::string before = change.before ? shown(*change.before) : "";
    const std::string after = change.after ? shown(*change.after) : "";
    const bool is_long = std::max(before.size(), after.size()) > kLongText;
    const Shared shared = sign == '~' && is_long ? shared_parts(before, after) : Shared{};
    if (change.before) {
      append_lines(out, '-', before, shared);
    }
    if (change.after) {
      append_lines(out, '+', after, shared);
    }
  }
  return out;
}

}  // namespace oap::gateway
