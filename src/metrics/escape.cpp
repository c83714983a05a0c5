#include "metrics/escape.hpp"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace oap::metrics {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(std::string_view name, bool colon) {
  if (name.empty() || is_digit(name.front())) {
    return false;
  }
  for (const char c : name) {
    if (!is_letter(c) && !is_digit(c) && !(colon && c == ':')) {
      return false;
    }
  }
  return true;
}

/// Bytes of the well-formed character (Unicode table 3-7) at the start of the text; 0: there is
/// none.
std::size_t character(std::string_view text) {
  const auto byte = [text](std::size_t at) {
    return at < text.size() ? static_cast<unsigned>(static_cast<unsigned char>(text[at])) : 0U;
  };
  const auto continues = [&byte](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80U) {
    return 1;
  }
  if (first >= 0xC2U && first <= 0xDFU) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xE0U && first <= 0xEFU) {
    const bool good = continues(1) && continues(2) && !(first == 0xE0U && second < 0xA0U) &&
                      !(first == 0xEDU && second > 0x9FU);
    return good ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    const bool good = continues(1) && continues(2) && continues(3) &&
                      !(first == 0xF0U && second < 0x90U) && !(first == 0xF4U && second > 0x8FU);
    return good ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_metric_name(std::string_view name) { return is_name(name, true); }

bool is_label_name(std::string_view name) {
  return is_name(name, false) && !name.starts_with("__");
}

std::string clean_value(std::string_view value, std::size_t max) {
  std::string clean;
  while (!value.empty()) {
    const std::size_t size = character(value);
    const std::string_view next = size == 0 ? "\xEF\xBF\xBD" : value.substr(0, size);
    if (clean.size() + next.size() > max) {
      break;
    }
    clean += next;
    value.remove_prefix(size == 0 ? 1 : size);
  }
  return clean;
}

void append_escaped(std::string& out, std::string_view text, bool quote) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

}  // namespace oap::metrics
