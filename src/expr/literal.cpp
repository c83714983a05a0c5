#include "expr/literal.hpp"

#include <charconv>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::expr {

namespace {

constexpr std::string_view kLetters = "abfnrtv\\?\"'`";
constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";

struct Escape {
  std::uint32_t value = 0;
  std::size_t length = 0;  // after the backslash
  bool octet = false;
};

Result<std::uint32_t> digits(std::string_view text, std::size_t count, int base) {
  std::uint32_t value = 0;
  const std::string_view part = text.substr(0, count);
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
  if (part.size() != count || error != std::errc() || end != part.data() + count) {
    return fail(Code::kInvalidArgument, "an escape needs {} {} digits", count,
                base == 16 ? "hexadecimal" : "octal");
  }
  return value;
}

Result<Escape> read_escape(std::string_view rest) {
  if (rest.empty()) {
    return fail(Code::kInvalidArgument, "a backslash ends the string");
  }
  const char c = rest.front();
  if (const std::size_t at = kLetters.find(c); at != std::string_view::npos) {
    return Escape{static_cast<unsigned char>(kMeanings[at]), 1, false};
  }
  if (c == 'x' || c == 'X') {
    OAP_TRY(const std::uint32_t value, digits(rest.substr(1), 2, 16));
    return Escape{value, 3, true};
  }
  if (c >= '0' && c <= '3') {
    OAP_TRY(const std::uint32_t value, digits(rest, 3, 8));
    return Escape{value, 3, true};
  }
  if (c == 'u' || c == 'U') {
    const std::size_t count = c == 'u' ? 4 : 8;
    OAP_TRY(const std::uint32_t value, digits(rest.substr(1), count, 16));
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      return fail(Code::kInvalidArgument, "\\{}{:0{}x} is no Unicode character", c, value, count);
    }
    return Escape{value, 1 + count, false};
  }
  return fail(Code::kInvalidArgument, "unknown escape '\\{}'; a backslash itself is '\\\\'",
              text::escape_visible(rest.substr(0, text::decode_at(rest, 0).length)));
}

}  // namespace

Result<std::string> unescape(std::string_view body, bool bytes) {
  std::string out;
  out.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) {
    if (body[at] != '\\') {
      out.push_back(body[at++]);
      continue;
    }
    OAP_TRY(const Escape escape, read_escape(body.substr(at + 1)));
    const char letter = body[at + 1];
    if (bytes && (letter == 'u' || letter == 'U')) {
      return fail(Code::kInvalidArgument, "bytes have no \\{} escapes; write octets as \\x..",
                  letter);
    }
    if (bytes && escape.octet) {
      out.push_back(static_cast<char>(escape.value));
    } else {
      text::append_utf8(out, escape.value);
    }
    at += 1 + escape.length;
  }
  return out;
}

std::string quote_string(std::string_view text) {
  std::string out = "\"";
  for (const text::CodePoint point : text::CodePoints(text)) {
    const std::size_t named =
        point.value < 128 ? kMeanings.find(static_cast<char>(point.value)) : std::string_view::npos;
    if (named != std::string_view::npos && kLetters[named] != '?' && kLetters[named] != '\'' &&
        kLetters[named] != '`') {
      out += {'\\', kLetters[named]};
    } else if (text::is_deceptive(point.value)) {
      out += fmt::format("\\U{:08x}", static_cast<std::uint32_t>(point.value));
    } else {
      text::append_utf8(out, point.value);
    }
  }
  return out + "\"";
}

std::string quote_bytes(std::string_view data) {
  std::string out = "b\"";
  for (const char c : data) {
    if (c >= ' ' && c < 127 && c != '"' && c != '\\') {
      out.push_back(c);
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + "\"";
}

}  // namespace oap::expr
