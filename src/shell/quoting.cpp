#include <charconv>
#include <cstdint>
#include <optional>

#include "shell/parser.hpp"
#include "text/utf8.hpp"

namespace oap::shell {
namespace {

/// The value of up to `most` digits of a base at the front, which are taken off; nothing without
/// one.
std::optional<std::uint32_t> take_number(std::string_view& text, std::size_t most, int base) {
  std::size_t length = 0;
  std::uint32_t value = 0;
  const std::size_t limit = std::min(most, text.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + limit, value, base);
  length = static_cast<std::size_t>(end - text.data());
  if (length == 0 || error != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return value;
}

char plain_escape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'e':
    case 'E':
      return '\x1b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '\'':
    case '"':
    case '?':
      return c;
    default:
      return '\0';
  }
}

/// One escape of $'…' after its backslash, appended as bytes; bytes with value 0 end the text.
bool decode_escape(std::string_view& rest, std::string& out) {
  const char c = rest.front();
  if (const char simple = plain_escape(c); simple != '\0') {
    rest.remove_prefix(1);
    out += simple;
    return true;
  }
  std::string_view digits = rest.substr(1);
  std::optional<std::uint32_t> value;
  if (c >= '0' && c <= '7') {
    digits = rest;
    value = take_number(digits, 3, 8);
    value = value ? std::optional(*value & 0xFFU) : value;
  } else if (c == 'x' && digits.starts_with('{')) {
    digits.remove_prefix(1);
    value = 0;
    while (const auto digit = take_number(digits, 1, 16)) {
      value = (*value * 16 + *digit) & 0xFFU;
    }
    digits.remove_prefix(digits.starts_with('}') ? 1 : 0);
  } else if (c == 'x') {
    value = take_number(digits, 2, 16);
  } else if (c == 'u' || c == 'U') {
    value = take_number(digits, c == 'u' ? 4 : 8, 16);
  } else if (c == 'c' && !digits.empty()) {
    const char control = digits.front();
    value = control == '?' ? 0x7FU : static_cast<unsigned char>(control) & 0x1FU;
    digits.remove_prefix(digits.starts_with("\\\\") ? 2 : 1);
  }
  if (!value) {
    out += '\\';
    out += c;
    rest.remove_prefix(1);
    return true;
  }
  rest = digits;
  if (*value == 0) {
    return false;
  }
  if (c == 'u' || c == 'U') {
    text::append_utf8(out, *value);
  } else {
    out += static_cast<char>(static_cast<unsigned char>(*value));
  }
  return true;
}

}  // namespace

void Parser::parse_single(Word& word) {
  const std::size_t end = src_.find('\'', pos_);
  word.quoted = true;
  const std::string_view body = src_.substr(pos_, end == std::string_view::npos ? end : end - pos_);
  word.add(body, Mark::kQuoted);
  step(body.size());
  if (end == std::string_view::npos) {
    findings_.doubt("a ' has no end");
  } else {
    step();
  }
}

void Parser::parse_ansi(Word& word) {
  word.quoted = true;
  const std::size_t from = pos_;
  while (!at_end() && peek() != '\'') {
    step(peek() == '\\' ? 2 : 1);
  }
  if (at_end()) {
    findings_.doubt("a $' has no end");
  }
  std::string_view rest = src_.substr(from, pos_ - from);
  std::string out;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\' || rest.empty()) {
      out += c;
    } else if (!decode_escape(rest, out)) {
      break;
    }
  }
  word.add(out, Mark::kQuoted);
  step();
}

}  // namespace oap::shell
