#include "router/fold.hpp"

#include <array>
#include <limits>

#include "text/utf8.hpp"

namespace oap::router {
namespace {

constexpr std::size_t kLongRun = 200;

/// U+00C0 to U+017F.
constexpr std::array<std::string_view, 192> kLatin = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c",  "e",  "e", "e", "e", "i",  "i",  "i", "i", "d", "n",
    "o", "o", "o",  "o",  "o", "x", "o",  "u",  "u",  "u", "u", "y", "th", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "/", "o",  "u",  "u", "u", "u",  "y",  "th", "y", "a", "a", "a",  "a",  "a", "a", "c", "c",
    "c", "c", "c",  "c",  "c", "c", "d",  "d",  "d",  "d", "e", "e", "e",  "e",  "e", "e", "e", "e",
    "e", "e", "g",  "g",  "g", "g", "g",  "g",  "g",  "g", "h", "h", "h",  "h",  "i", "i", "i", "i",
    "i", "i", "i",  "i",  "i", "i", "ij", "ij", "j",  "j", "k", "k", "k",  "l",  "l", "l", "l", "l",
    "l", "l", "l",  "l",  "l", "n", "n",  "n",  "n",  "n", "n", "n", "n",  "n",  "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r",  "r",  "r",  "r", "s", "s", "s",  "s",  "s", "s", "s", "s",
    "t", "t", "t",  "t",  "t", "t", "u",  "u",  "u",  "u", "u", "u", "u",  "u",  "u", "u", "u", "u",
    "w", "w", "y",  "y",  "y", "z", "z",  "z",  "z",  "z", "z", "s",
};

bool is_wide_space(char32_t c) {
  return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000 || c == 0x85;
}

bool is_double_quote(char32_t c) {
  return (c >= 0x201C && c <= 0x201F) || c == 0xAB || c == 0xBB || (c >= 0x300C && c <= 0x300F) ||
         c == 0x2039 || c == 0x203A || c == 0xFF02;
}

bool is_upper(char32_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
         (c >= 0x100 && c < 0x180 && c % 2 == 0) || (c >= 0x400 && c <= 0x42F);
}

void append_folded(std::string& out, char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) {
    c = c - 0xFF01 + '!';
  }
  if (c < 0x80) {
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  } else if (is_wide_space(c)) {
    out += ' ';
  } else if (is_double_quote(c)) {
    out += '"';
  } else if (c == 0x2018 || c == 0x2019 || c == 0x201A || c == 0x02BC || c == 0xB4) {
    out += '\'';
  } else if (c >= 0xC0 && c < 0x180) {
    out += kLatin[c - 0xC0];
  } else if (c >= 0x410 && c <= 0x42F) {
    text::append_utf8(out, c + 32);
  } else if (c == 0x401 || c == 0x451) {
    text::append_utf8(out, 0x435);
  } else if (c >= 0x2010 && c <= 0x2012) {
    out += '-';
  } else if (c == 0x2013 || c == 0x2014) {
    out += " , ";
  } else if (c == 0x2026) {
    out += ". ";
  } else if (c == 0x3002 || c == 0xFF61) {
    out += ". ";
  } else if (c == 0x3001 || c == 0xFF64 || c == 0x30FB) {
    out += ", ";
  } else if (!((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || c == 0xFEFF)) {
    text::append_utf8(out, c);
  }
}

/// Whether what follows a line break begins something new; `at` is just behind the break.
bool begins_new(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) {
    ++at;
  }
  if (at >= text.size() || text[at] == '\n') {
    return true;
  }
  const char32_t c = text::decode_at(text, at).value;
  return is_upper(c) || is_cjk(c) || c == '-' || c == '*' || c == '+' || c == '#' || c == '`' ||
         c == '"' || c == '[' || c == '(' || (c >= '0' && c <= '9') || c == 0x2022;
}

}  // namespace

bool is_kana(char32_t c) { return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF); }

bool is_hangul(char32_t c) { return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x1100 && c <= 0x11FF); }

bool is_cjk(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || is_kana(c) ||
         is_hangul(c) || c == 0x3005 || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  std::size_t at = 0;
  std::size_t blank_until = 0;
  while (at < text.size()) {
    const text::CodePoint c = text::decode_at(text, at);
    at += c.length;
    if (c.value == '\n') {
      if (at <= blank_until) {
        continue;
      }
      const bool fresh = begins_new(text, at);
      out += fresh ? '\n' : ' ';
      // A run of empty lines is looked at once.
      blank_until = at;
      while (blank_until < text.size() &&
             (text[blank_until] == ' ' || text[blank_until] == '\n' || text[blank_until] == '\t' ||
              text[blank_until] == '\r')) {
        ++blank_until;
      }
    } else if (c.value == '\t' || c.value == '\r' || c.value == '\v' || c.value == '\f') {
      out += ' ';
    } else {
      append_folded(out, c.value);
    }
  }
  return out;
}

int count_tokens(std::string_view text) {
  std::size_t tokens = 0;
  std::size_t run = 0;
  const auto end_run = [&] {
    tokens += run == 0 ? 0 : run <= kLongRun ? 1 : run / 4;
    run = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint c = text::decode_at(text, at);
    at += c.length;
    if (c.value <= 0x20 || is_wide_space(c.value)) {
      end_run();
    } else if (is_cjk(c.value)) {
      end_run();
      ++tokens;
    } else {
      run += c.length;
    }
  }
  end_run();
  constexpr std::size_t kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  return static_cast<int>(tokens < kMost ? tokens : kMost);
}

}  // namespace oap::router
