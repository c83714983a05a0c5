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

bool probe_base64(std::string_view digits) {
  return digits.size() >= 20 && is_readable(base64_bytes(digits.substr(0, kProbe * 4 / 3)));
}

Decoded from_base64(const Flat& run, std::size_t skip, std::size_t whole) {
  Decoded out;
  out.text = base64_bytes(std::string_view(run.text).substr(skip));
  out.from.reserve(out.text.size() + 1);
  for (std::size_t i = 0; i < out.text.size(); ++i) {
    out.from.push_back(run.from[skip + i / 3 * 4]);
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
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size() && bytes.size() < kProbe; i += 2) {
    bytes += static_cast<char>(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
  }
  return bytes.size() >= 8 && is_readable(bytes);
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
  const bool one_line = digits.find_first_of("\r\n") == std::string_view::npos;
  const std::size_t hex_from = digits.starts_with("0x") || digits.starts_with("0X") ? 2 : 0;
  const bool hex = std::all_of(digits.begin() + static_cast<std::ptrdiff_t>(hex_from), digits.end(),
                               [](char c) { return hex_digit(c) >= 0 || c == '\n' || c == '\r'; });
  if (one_line && hex && !probe_hex(digits.substr(hex_from))) {
    return out;
  }
  if (one_line && !hex) {
    const bool any = probe_base64(digits) || probe_base64(digits.substr(1)) ||
                     probe_base64(digits.substr(2)) || probe_base64(digits.substr(3)) ||
                     digits.find_first_of("/+-_") != std::string_view::npos;
    if (!any) {
      return out;
    }
  }
  const Flat all = flat(digits);
  const std::string_view text = all.text;
  if (hex) {
    if (probe_hex(text.substr(hex_from))) {
      out.push_back(from_hex(all, hex_from, run.size()));
    }
    return out;
  }
  for (std::size_t skip = 0; skip < 4 && skip < text.size(); ++skip) {
    if (probe_base64(text.substr(skip))) {
      out.push_back(from_base64(all, skip, run.size()));
      return out;
    }
  }
  // What stands before the encoded part may be of the same letters: a path, a name.
  int tries = 0;
  for (std::size_t at = text.find_first_of("/+-_"); at != std::string_view::npos && tries < 12;
       at = text.find_first_of("/+-_", at + 1), ++tries) {
    if (text.size() - at > kLeast && probe_base64(text.substr(at + 1))) {
      out.push_back(from_base64(all, at + 1, run.size()));
      return out;
    }
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

}  // namespace oap::security
