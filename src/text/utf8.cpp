#include "text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace oap::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// What may follow a lead byte: how many bytes, and the range of the first of them.
struct Lead {
  std::size_t following;
  unsigned low;
  unsigned high;
};

Lead lead_of(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) {
    return {1, 0x80, 0xBF};
  }
  if (byte >= 0xE0 && byte <= 0xEF) {
    return {2, byte == 0xE0 ? 0xA0U : 0x80U, byte == 0xED ? 0x9FU : 0xBFU};
  }
  if (byte >= 0xF0 && byte <= 0xF4) {
    return {3, byte == 0xF0 ? 0x90U : 0x80U, byte == 0xF4 ? 0x8FU : 0xBFU};
  }
  return {0, 0, 0};
}

struct Range {
  char32_t first;
  char32_t last;
};

constexpr Range kDeceptive[] = {
    {0x00, 0x1F},       {0x7F, 0xA0},       {0xAD, 0xAD},       {0x34F, 0x34F},
    {0x61C, 0x61C},     {0x115F, 0x1160},   {0x1680, 0x1680},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164},   {0xFDD0, 0xFDEF},
    {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

/// How many bytes from the start are ASCII.
std::size_t ascii_length(std::string_view text) {
  constexpr std::size_t kBlock = 16;
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      bits |= byte_at(text, at + i);
    }
    if (bits >= 0x80) {
      break;
    }
  }
  while (at < text.size() && byte_at(text, at) < 0x80) {
    ++at;
  }
  return at;
}

}  // namespace

CodePoint decode_at(std::string_view text, std::size_t at) {
  const unsigned first = byte_at(text, at);
  if (first < 0x80) {
    return {first, 1, true};
  }
  const Lead lead = lead_of(first);
  if (lead.following == 0) {
    return {kReplacement, 1, false};
  }
  char32_t value = first & (0x3FU >> lead.following);
  for (std::size_t i = 1; i <= lead.following; ++i) {
    const unsigned next = at + i < text.size() ? byte_at(text, at + i) : 0;
    const unsigned low = i == 1 ? lead.low : 0x80;
    const unsigned high = i == 1 ? lead.high : 0xBF;
    if (next < low || next > high) {
      return {kReplacement, i, false};
    }
    value = (value << 6U) | (next & 0x3FU);
  }
  return {value, lead.following + 1, true};
}

void append_utf8(std::string& out, char32_t code_point) {
  char32_t c = code_point;
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    c = kReplacement;
  }
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6U));
    put(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12U));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  } else {
    put(0xF0 | (c >> 18U));
    put(0x80 | ((c >> 12U) & 0x3FU));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  }
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (byte_at(text, at) < 0x80) {
      at += ascii_length(text.substr(at));
      continue;
    }
    const CodePoint c = decode_at(text, at);
    if (!c.valid) {
      return false;
    }
    at += c.length;
  }
  return true;
}

std::string sanitize_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t ascii = ascii_length(text.substr(at));
    out.append(text.substr(at, ascii));
    at += ascii;
    if (at == text.size()) {
      break;
    }
    const CodePoint c = decode_at(text, at);
    if (c.valid) {
      out.append(text.substr(at, c.length));
    } else {
      append_utf8(out, kReplacement);
    }
    at += c.length;
  }
  return out;
}

std::size_t code_point_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    at += decode_at(text, at).length;
  }
  return count;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return text;
  }
  // A code point has at most four bytes, so its start is at most three back.
  for (std::size_t back = 0; back < 4 && back <= max_bytes; ++back) {
    const std::size_t at = max_bytes - back;
    if ((byte_at(text, at) & 0xC0U) != 0x80) {
      const CodePoint c = decode_at(text, at);
      return text.substr(0, at + c.length <= max_bytes ? at + c.length : at);
    }
  }
  return text.substr(0, max_bytes);
}

bool is_deceptive(char32_t code_point) {
  const auto* end = std::end(kDeceptive);
  const auto* range = std::lower_bound(
      std::begin(kDeceptive), end, code_point,
      [](const Range& candidate, char32_t value) { return candidate.last < value; });
  const bool listed = range != end && code_point >= range->first;
  const bool non_character = (code_point & 0xFFFEU) == 0xFFFE;
  return listed || non_character;
}

std::string escape_visible(std::string_view text, EscapeOptions options) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_at(text, at);
    const bool kept = options.keep_newlines && (c.value == '\n' || c.value == '\t');
    if (!c.valid) {
      for (std::size_t i = 0; i < c.length; ++i) {
        fmt::format_to(std::back_inserter(out), "\\x{{{:02x}}}", byte_at(text, at + i));
      }
    } else if (is_deceptive(c.value) && !kept) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", static_cast<std::uint32_t>(c.value));
    } else {
      out.append(text.substr(at, c.length));
    }
    at += c.length;
  }
  return out;
}

std::string escape_markup(std::string_view text) {
  std::string out;
  for (const char c : escape_visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

}  // namespace oap::text
