#include "security/secret_decode.hpp"

#include <algorithm>
#include <array>

#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLeast = 24;
/// As many bytes at the front must be readable.
constexpr std::size_t kProbe = 15;

constexpr std::array<std::int8_t, 256> kSixBits = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    table[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  table['-'] = 62;
  table['_'] = 63;
  return table;
}();

int hex_digit(char c) {
  const char lower = text::to_lower(c);
  return text::is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_readable(std::string_view text) {
  std::size_t high = 0;
  for (const char c : text.substr(0, kProbe)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F) {
      return false;
    }
    high += byte >= 0x80 ? 1 : 0;
  }
  return high <= kProbe / 4;
}

/// The run without its line breaks, and where each character stands.
struct Flat {
  std::string text;
  std::vector<std::uint32_t> from;
};

Flat flat(std::string_view run) {
  Flat out;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (kSixBits[static_cast<unsigned char>(run[i])] >= 0) {
      out.text += run[i];
      out.from.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return out;
}

std::string base64_bytes(std::string_view digits) {
  std::string out;
  out.reserve(digits.size() * 3 / 4 + 1);
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : digits) {
    bits = bits << 6U | static_cast<std::uint32_t>(kSixBits[static_cast<unsigned char>(c)]);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xFFU);
    }
  }
  return out;
}

/// Reads like text, as far as the first digits tell. Nearly every run fails at its first group.
bool probe_base64(std::string_view digits) {
  if (digits.size() < 20) {
    return false;
  }
  std::size_t high = 0;
  for (std::size_t i = 0; i < 20; i += 4) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::int8_t six = kSixBits[static_cast<unsigned char>(digits[i + k])];
      if (six < 0) {
        return false;
      }
      bits = bits << 6U | static_cast<std::uint32_t>(six);
    }
    for (const unsigned shift : {16U, 8U, 0U}) {
      const std::uint32_t byte = bits >> shift & 0xFFU;
      high += byte >= 0x80 ? 1 : 0;
      const bool control = byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t';
      if (control || byte == 0x7F || high > kProbe / 4) {
        return false;
      }
    }
  }
  return true;
}

/// Where base64 of something readable begins: what stands before it may be of the same letters (a
/// path, a name).
std::size_t base64_start(std::string_view digits) {
  for (std::size_t skip = 0; skip < 4 && skip < digits.size(); ++skip) {
    if (probe_base64(digits.substr(skip))) {
      return skip;
    }
  }
  int tries = 0;
  for (std::size_t at = 4; at + kLeast < digits.size() && tries < 12; ++at) {
    const char c = digits[at];
    if (c != '/' && c != '+' && c != '-' && c != '_') {
      continue;
    }
    ++tries;
    if (probe_base64(digits.substr(at + 1))) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// `before` bytes of the run stand in front of what `run` holds.
Decoded from_base64(const Flat& run, std::size_t before, std::size_t whole) {
  Decoded out;
  out.text = base64_bytes(run.text);
  out.from.reserve(out.text.size() + 1);
  for (std::size_t i = 0; i < out.text.size(); ++i) {
    out.from.push_back(static_cast<std::uint32_t>(before + run.from[i / 3 * 4]));
  }
  out.from.push_back(static_cast<std::uint32_t>(whole));
  return out;
}

Decoded from_hex(const Flat& run, std::size_t skip, std::size_t whole) {
  Decoded out;
  for (std::size_t i = skip; i + 1 < run.text.size(); i += 2) {
    out.text += static_cast<char>(hex_digit(run.text[i]) << 4 | hex_digit(run.text[i + 1]));
    out.from.push_back(run.from[i]);
  }
  out.from.push_back(static_cast<std::uint32_t>(whole));
  return out;
}

bool probe_hex(std::string_view digits) {
  std::array<char, kProbe> bytes{};
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < digits.size() && count < kProbe; i += 2) {
    const int byte = hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]);
    bytes[count++] = static_cast<char>(byte);
    if (byte < 0x09 || byte > 0x7E) {
      return false;
    }
  }
  return count >= 8 && is_readable({bytes.data(), count});
}

void append_code_point(Decoded& out, unsigned code, std::size_t at) {
  const auto put = [&](unsigned byte) {
    out.text += static_cast<char>(byte);
    out.from.push_back(static_cast<std::uint32_t>(at));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xE0U | (code >> 12U & 0x0FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// Reads `most` digits of `base` at `at`; how many there were.
std::size_t digits_at(std::string_view text, std::size_t at, unsigned base, std::size_t most,
                      unsigned& value) {
  std::size_t count = 0;
  value = 0;
  for (; count < most && at + count < text.size(); ++count) {
    const int digit = hex_digit(text[at + count]);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) {
      break;
    }
    value = value * base + static_cast<unsigned>(digit);
  }
  return count;
}

/// The length of the escape at `at`, and what it stands for; 0 where there is none.
std::size_t escape_at(std::string_view text, std::size_t at, unsigned& code) {
  if (text[at] == '\\' && at + 1 < text.size()) {
    std::size_t begin = at + 1;
    while (begin < text.size() && text[begin] == '\\' && begin - at < 3) {
      ++begin;
    }
    const char kind = begin < text.size() ? text[begin] : '\0';
    if (kind == 'u' && digits_at(text, begin + 1, 16, 4, code) == 4) {
      return begin + 5 - at;
    }
    if (kind == 'u' && begin + 1 < text.size() && text[begin + 1] == '{') {
      const std::size_t count = digits_at(text, begin + 2, 16, 6, code);
      const std::size_t close = begin + 2 + count;
      return count > 0 && close < text.size() && text[close] == '}' && code < 0x10000
                 ? close + 1 - at
                 : 0;
    }
    if (kind == 'x' && digits_at(text, begin + 1, 16, 2, code) == 2) {
      return begin + 3 - at;
    }
    if ((kind == '0' || kind == '1') && digits_at(text, begin, 8, 3, code) == 3) {
      return begin + 3 - at;
    }
    return 0;
  }
  if (text.substr(at, 2) == "&#" && at + 3 < text.size()) {
    const bool hex = text[at + 2] == 'x' || text[at + 2] == 'X';
    const std::size_t begin = at + (hex ? 3 : 2);
    const std::size_t count = digits_at(text, begin, hex ? 16 : 10, 6, code);
    const bool ends = count > 0 && begin + count < text.size() && text[begin + count] == ';';
    return ends && code < 0x10000 ? begin + count + 1 - at : 0;
  }
  return 0;
}

}  // namespace

std::vector<Decoded> decode_run(std::string_view run) {
  std::vector<Decoded> out;
  std::string_view digits = run;
  while (digits.ends_with('=')) {
    digits.remove_suffix(1);
  }
  const std::size_t zero_x = digits.starts_with("0x") || digits.starts_with("0X") ? 2 : 0;
  const auto is_hex = [](char c) { return hex_digit(c) >= 0 || c == '\n' || c == '\r'; };
  if (std::all_of(digits.begin() + static_cast<std::ptrdiff_t>(zero_x), digits.end(), is_hex)) {
    const Flat all = probe_hex(digits.substr(zero_x)) ? flat(digits) : Flat{};
    if (!all.text.empty()) {
      out.push_back(from_hex(all, zero_x, run.size()));
    }
    return out;
  }
  // Paths and names in small letters are many; base64 of a text has capitals.
  if (std::none_of(digits.begin(), digits.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return out;
  }
  const std::size_t start = base64_start(digits);
  if (start != std::string_view::npos) {
    const Flat all = flat(digits.substr(start));
    out.push_back(from_base64(all, start, run.size()));
  }
  return out;
}

Decoded decode_percent(std::string_view text) {
  Decoded out;
  for (std::size_t at = 0; at < text.size();) {
    unsigned code = 0;
    const bool escape = text[at] == '%' && digits_at(text, at + 1, 16, 2, code) == 2;
    out.text += escape ? static_cast<char>(code) : text[at];
    out.from.push_back(static_cast<std::uint32_t>(at));
    at += escape ? 3 : 1;
  }
  out.from.push_back(static_cast<std::uint32_t>(text.size()));
  return out;
}

Decoded decode_escapes(std::string_view text) {
  Decoded out;
  for (std::size_t at = 0; at < text.size();) {
    unsigned code = 0;
    const std::size_t length = escape_at(text, at, code);
    if (length == 0) {
      out.text += text[at];
      out.from.push_back(static_cast<std::uint32_t>(at));
      ++at;
      continue;
    }
    append_code_point(out, code, at);
    at += length;
  }
  out.from.push_back(static_cast<std::uint32_t>(text.size()));
  return out;
}

Decoded without_hidden(std::string_view text) {
  const auto hidden_at = [&](std::size_t at) -> std::size_t {
    const std::string_view rest = text.substr(at);
    if (rest.front() == '\0') {
      return 1;
    }
    if (rest.starts_with("\x1b[")) {
      const std::size_t end = rest.find_first_not_of("0123456789;", 2);
      return end == std::string_view::npos ? rest.size() : end + 1;
    }
    static constexpr std::string_view kInvisible[] = {
        "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e",
        "\xe2\x80\x8f", "\xef\xbb\xbf", "\xe2\x81\xa0", "\xc2\xad"};
    for (const std::string_view character : kInvisible) {
      if (rest.starts_with(character)) {
        return character.size();
      }
    }
    if (rest.front() == '\\' || rest.front() == '=') {
      const std::size_t line = rest.starts_with("\\\r\n") || rest.starts_with("=\r\n") ? 3 : 2;
      if (rest.size() >= line && rest[line - 1] == '\n') {
        const std::size_t next = rest.find_first_not_of(" \t", line);
        return next == std::string_view::npos ? rest.size() : next;
      }
    }
    return 0;
  };
  Decoded out;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t length = hidden_at(at); length > 0) {
      at += length;
      continue;
    }
    out.text += text[at];
    out.from.push_back(static_cast<std::uint32_t>(at));
    ++at;
  }
  out.from.push_back(static_cast<std::uint32_t>(text.size()));
  return out;
}

}  // namespace oap::security
