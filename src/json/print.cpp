#include "json/print.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "json/append.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

/// Whether a JSON string may hold the byte as it is, whatever stands beside it.
constexpr bool is_plain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0; byte < plain.size(); ++byte) {
    plain[byte] = is_plain(static_cast<unsigned char>(byte));
  }
  return plain;
}();

constexpr std::size_t kBlock = 16;

bool is_plain_block(const char* bytes) {
  bool plain = true;
  for (std::size_t i = 0; i < kBlock; ++i) {
    plain &= is_plain(static_cast<unsigned char>(bytes[i]));
  }
  return plain;
}

/// How many bytes from the start are plain; whole blocks at once, as most text is.
std::size_t plain_length(std::string_view text) {
  std::size_t at = 0;
  while (at + kBlock <= text.size() && is_plain_block(text.data() + at)) {
    at += kBlock;
  }
  const bool is_rest = at > 0 && at + kBlock > text.size();
  if (is_rest && is_plain_block(text.data() + text.size() - kBlock)) {
    return text.size();
  }
  while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) {
    ++at;
  }
  return at;
}

void append_string(std::string& out, std::string_view text) {
  constexpr std::size_t kRoom = 64;  // a long text is not moved again for what follows it
  out.reserve(out.size() + text.size() + std::max(kRoom, text.size() / 16));
  out.push_back('"');
  while (true) {
    const std::size_t plain = plain_length(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    std::size_t taken = 1;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_escape(out, text.front());
    } else {
      const text::CodePoint c = text::decode_at(text, 0);
      c.valid ? static_cast<void>(out.append(text.data(), c.length))
              : text::append_utf8(out, c.value);
      taken = c.length;
    }
    text.remove_prefix(taken);
  }
  out.push_back('"');
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(std::begin(digits), end.ptr);
}

/// JSON has no NaN and no infinity: they become null.
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[40];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
  const std::string_view text(std::begin(digits), static_cast<std::size_t>(end.ptr - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) {
    out += ".0";
  }
}

/// Number::toString of ECMA-262 §6.1.6.1.20.
void append_ecma_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0) {
    out.push_back('0');
    return;
  }
  char buffer[40];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), std::fabs(number),
                                 std::chars_format::scientific);
  const std::string_view text(std::begin(buffer), static_cast<std::size_t>(end.ptr - buffer));
  const std::size_t mark = text.find('e');
  std::string digits(1, text[0]);
  if (mark > 1) {
    digits.append(text.substr(2, mark - 2));
  }
  int exponent = 0;
  const std::size_t sign = text[mark + 1] == '+' ? 2 : 1;
  std::from_chars(text.data() + mark + sign, text.data() + text.size(), exponent);
  const int point = exponent + 1;
  const int count = static_cast<int>(digits.size());

  if (number < 0) {
    out.push_back('-');
  }
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    const auto before = static_cast<std::size_t>(point);
    out += digits.substr(0, before) + '.' + digits.substr(before);
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out.push_back(digits[0]);
    if (count > 1) {
      out.push_back('.');
      out.append(digits, 1);
    }
    fmt::format_to(std::back_inserter(out), "e{}{}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
}

/// Order of the UTF-16 units of two UTF-8 texts: as bytes, but U+E000..U+FFFF after all that needs
/// a surrogate pair.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at_a == a.end() || at_b == b.end()) {
    return at_a == a.end() && at_b != b.end();
  }
  const auto rank = [](char c) {
    const unsigned byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x100U : byte;
  };
  return rank(*at_a) < rank(*at_b);
}

enum class Style { kCompact, kPretty, kCanonical };

class Printer {
 public:
  Printer(std::string& out, Style style) : out_(out), style_(style) {}

  void value(const Value& value, std::size_t depth) {
    switch (value.kind()) {
      case boost::json::kind::null:
        out_ += "null";
        return;
      case boost::json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        return;
      case boost::json::kind::int64:
        append_integer(out_, value.get_int64());
        return;
      case boost::json::kind::uint64:
        append_integer(out_, value.get_uint64());
        return;
      case boost::json::kind::double_:
        style_ == Style::kCanonical ? append_ecma_double(out_, value.get_double())
                                    : append_double(out_, value.get_double());
        return;
      case boost::json::kind::string:
        append_string(out_, view(value.get_string()));
        return;
      case boost::json::kind::array:
        array(value.get_array(), depth);
        return;
      case boost::json::kind::object:
        style_ == Style::kCanonical ? sorted_object(value.get_object(), depth)
                                    : object(value.get_object(), depth);
        return;
    }
  }

  void array(const Array& items, std::size_t depth) {
    out_.push_back('[');
    bool first = true;
    for (const Value& item : items) {
      separate(first, depth + 1);
      value(item, depth + 1);
    }
    close(']', items.empty(), depth);
  }

  void object(const Object& members, std::size_t depth) {
    out_.push_back('{');
    bool first = true;
    for (const auto& member : members) {
      separate(first, depth + 1);
      append_string(out_, {member.key().data(), member.key().size()});
      out_ += style_ == Style::kPretty ? ": " : ":";
      value(member.value(), depth + 1);
    }
    close('}', members.empty(), depth);
  }

  void sorted_object(const Object& members, std::size_t depth) {
    std::vector<std::pair<std::string_view, const Value*>> sorted;
    sorted.reserve(members.size());
    std::vector<std::string> repaired;
    for (const auto& member : members) {
      std::string_view key(member.key().data(), member.key().size());
      if (!text::is_valid_utf8(key)) {
        repaired.reserve(members.size());  // all stay where they are
        key = repaired.emplace_back(text::sanitize_utf8(key));
      }
      sorted.emplace_back(key, &member.value());
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return utf16_less(a.first, b.first); });
    out_.push_back('{');
    bool first = true;
    for (const auto& [key, member] : sorted) {
      separate(first, depth + 1);
      append_string(out_, key);
      out_.push_back(':');
      value(*member, depth + 1);
    }
    out_.push_back('}');
  }

 private:
  void separate(bool& first, std::size_t depth) {
    if (!std::exchange(first, false)) {
      out_.push_back(',');
    }
    indent(depth);
  }

  void close(char bracket, bool empty, std::size_t depth) {
    if (!empty) {
      indent(depth);
    }
    out_.push_back(bracket);
  }

  void indent(std::size_t depth) {
    if (style_ == Style::kPretty) {
      out_.push_back('\n');
      out_.append(2 * depth, ' ');
    }
  }

  std::string& out_;
  Style style_;
};

std::string print_as(const Value& value, Style style) {
  std::string out;
  out.reserve(256);
  Printer(out, style).value(value, 0);
  return out;
}

}  // namespace

std::string print(const Value& value) { return print_as(value, Style::kCompact); }

std::string print_pretty(const Value& value) { return print_as(value, Style::kPretty); }

std::string canonical(const Value& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

void append_quoted(std::string& out, std::string_view text) { append_string(out, text); }

void append(std::string& out, const Value& value) { Printer(out, Style::kCompact).value(value, 0); }

void append(std::string& out, const Object& members) {
  Printer(out, Style::kCompact).object(members, 0);
}

void append_canonical(std::string& out, const Value& value) {
  Printer(out, Style::kCanonical).value(value, 0);
}

void append_canonical(std::string& out, const Object& members) {
  Printer(out, Style::kCanonical).sorted_object(members, 0);
}

void append_canonical(std::string& out, const Array& items) {
  Printer(out, Style::kCanonical).array(items, 0);
}

}  // namespace oap::json
