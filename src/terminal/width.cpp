#include "terminal/width.hpp"

#include <algorithm>
#include <iterator>

#include "terminal/width_table.hpp"
#include "text/utf8.hpp"

namespace oap::terminal {
namespace {

constexpr char32_t kJoiner = 0x200D;
constexpr std::size_t kTab = 4;
constexpr std::size_t kMaxCluster = 128;  // bytes: a hostile run of marks is cut into pieces

template <std::size_t kCount>
bool within(const Range (&table)[kCount], char32_t value) {
  const auto* found =
      std::upper_bound(std::begin(table), std::end(table), value,
                       [](char32_t point, const Range& range) { return point < range.first; });
  return found != std::begin(table) && value <= std::prev(found)->last;
}

bool is_regional(char32_t value) { return value >= 0x1F1E6 && value <= 0x1F1FF; }
bool is_skin_tone(char32_t value) { return value >= 0x1F3FB && value <= 0x1F3FF; }
bool is_control(char32_t value) { return value < 0x20 || (value >= 0x7F && value < 0xA0); }
bool is_picture(char32_t value) {
  return value >= 0x1F000 || (value >= 0x2190 && value <= 0x2BFF) || value == 0xA9 || value == 0xAE;
}

/// Shown as they are although a reader does not see them: they shape what stands beside them.
bool is_shaping(char32_t value) {
  return value == kJoiner || value == 0x200C || (value >= 0xFE00 && value <= 0xFE0F) ||
         value == 0x3000;
}
bool is_wide_space(char32_t value) {
  return value == 0xA0 || value == 0x202F || (value >= 0x2000 && value <= 0x200A) ||
         value == 0x205F;
}

}  // namespace

int width_of(char32_t code_point) {
  if (code_point < 0x300) {
    return is_control(code_point) ? 0 : 1;
  }
  if (within(kZeroWidth, code_point)) {
    return 0;
  }
  return within(kWide, code_point) ? 2 : 1;
}

Cluster cluster_at(std::string_view text, std::size_t at) {
  const text::CodePoint base = text::decode_at(text, at);
  Cluster cluster{base.length, width_of(base.value)};
  bool joined = false;
  bool pair = is_regional(base.value);
  while (at + cluster.length < text.size() && cluster.length < kMaxCluster) {
    const text::CodePoint next = text::decode_at(text, at + cluster.length);
    if (!next.valid || is_control(next.value)) {
      break;
    }
    const bool second = pair && is_regional(next.value);
    const bool tone = is_picture(base.value) && is_skin_tone(next.value);
    const bool after_joiner = joined && is_picture(base.value) && is_picture(next.value);
    if (width_of(next.value) != 0 && !second && !tone && !after_joiner) {
      break;
    }
    if (second) {
      pair = false;
      cluster.width = 2;
    }
    if (next.value == 0xFE0F && is_picture(base.value)) {
      cluster.width = 2;
    }
    joined = next.value == kJoiner;
    cluster.length += next.length;
  }
  return cluster;
}

std::size_t cluster_before(std::string_view text, std::size_t at) {
  const std::size_t from = at > 2 * kMaxCluster ? at - 2 * kMaxCluster : 0;
  std::size_t start = from;
  while (start > 0 && start < at && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) {
    ++start;
  }
  while (start < at) {
    const std::size_t next = start + cluster_at(text, start).length;
    if (next >= at) {
      return start;
    }
    start = next;
  }
  return from;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Cluster cluster = cluster_at(text, at);
    columns += static_cast<std::size_t>(cluster.width);
    at += cluster.length;
  }
  return columns;
}

std::string_view fitting(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const Cluster cluster = cluster_at(text, at);
    used += static_cast<std::size_t>(cluster.width);
    if (used > columns) {
      break;
    }
    at += cluster.length;
  }
  return text.substr(0, at);
}

std::string clipped(std::string_view text, std::size_t columns) {
  const std::string_view start = fitting(text, columns);
  if (start.size() == text.size() || columns == 0) {
    return std::string(start);
  }
  return std::string(fitting(text, columns - 1)) + "…";
}

std::string shown(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint point = text::decode_at(text, at);
    const std::string_view bytes = text.substr(at, point.length);
    at += point.length;
    if (point.value == U'\n' && point.valid) {
      out += '\n';
    } else if (point.value == U'\t') {
      out.append(kTab, ' ');
    } else if (point.value == U'\r' && at < text.size() && text[at] == '\n') {
      continue;
    } else if (point.valid && is_wide_space(point.value)) {
      out += ' ';
    } else if (point.valid && (is_shaping(point.value) || !text::is_deceptive(point.value))) {
      out += bytes;
    } else {
      out += text::escape_visible(bytes);
    }
  }
  return out;
}

}  // namespace oap::terminal
