#include "yaml/scalar.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace oap::yaml {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const auto word : words) {
    if (text == word) {
      return true;
    }
  }
  return false;
}

bool is_null(std::string_view text) { return one_of<5>(text, {"", "~", "null", "Null", "NULL"}); }

std::optional<bool> as_bool(std::string_view text) {
  if (one_of<3>(text, {"true", "True", "TRUE"})) {
    return true;
  }
  if (one_of<3>(text, {"false", "False", "FALSE"})) {
    return false;
  }
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) {
    ++n;
  }
  return n;
}

/// `[-+]?[0-9]+`, `0o[0-7]+`, `0x[0-9a-fA-F]+`: the base, or 0 where the text is no integer.
int integer_base(std::string_view text) {
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
    const int base = text[1] == 'o' ? 8 : 16;
    for (const char c : text.substr(2)) {
      const bool octal = c >= '0' && c <= '7';
      const bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (base == 8 ? !octal : !hex) {
        return 0;
      }
    }
    return base;
  }
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  return !text.empty() && count_digits(text) == text.size() ? 10 : 0;
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
bool is_float(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  const std::size_t whole = count_digits(text);
  text.remove_prefix(whole);
  std::size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole == 0 && fraction == 0) {
    return false;
  }
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
      text.remove_prefix(1);
    }
    return !text.empty() && count_digits(text) == text.size();
  }
  return text.empty();
}

bool is_not_finite(std::string_view text) {
  if (one_of<3>(text, {".nan", ".NaN", ".NAN"})) {
    return true;
  }
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  return one_of<3>(text, {".inf", ".Inf", ".INF"});
}

std::string shorten(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 40)) + "...";
}

Result<json::Value> to_integer(std::string_view text, int base) {
  const std::string_view given = text;
  if (base != 10) {
    text.remove_prefix(2);
  } else if (text[0] == '+') {
    text.remove_prefix(1);
  }
  const char* const end = text.data() + text.size();
  std::int64_t narrow = 0;
  if (std::from_chars(text.data(), end, narrow, base).ec == std::errc()) {
    return json::Value(narrow);
  }
  std::uint64_t wide = 0;
  const auto parsed = std::from_chars(text.data(), end, wide, base);
  if (parsed.ec == std::errc() && parsed.ptr == end) {
    return json::Value(wide);
  }
  return fail(Code::kConfiguration,
              "the number {} does not fit into 64 bits; write it in quotes to make it text",
              shorten(given));
}

Result<json::Value> to_double(std::string_view text) {
  const std::string_view given = text;
  if (text[0] == '+') {
    text.remove_prefix(1);
  }
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || !std::isfinite(value)) {
    return fail(Code::kConfiguration,
                "the number {} is too large or too small; write it in quotes to make it text",
                shorten(given));
  }
  return json::Value(value);
}

tl::unexpected<Error> not_a(std::string_view type, std::string_view text) {
  return fail(Code::kConfiguration, "the tag !!{} does not fit the value '{}'", type,
              shorten(text));
}

}  // namespace

Result<json::Value> resolve_plain(std::string_view text) {
  if (is_null(text)) {
    return json::Value(nullptr);
  }
  if (const auto truth = as_bool(text)) {
    return json::Value(*truth);
  }
  if (const int base = integer_base(text); base != 0) {
    return to_integer(text, base);
  }
  if (is_float(text)) {
    return to_double(text);
  }
  if (is_not_finite(text)) {
    return fail(Code::kConfiguration,
                "{} is no number that can be used here; write it in quotes to make it text", text);
  }
  return json::Value(json::String(text));
}

Result<json::Value> resolve_tagged(std::string_view tag, std::string_view text) {
  const bool core = tag.substr(0, kTagPrefix.size()) == kTagPrefix;
  const std::string_view type = core ? tag.substr(kTagPrefix.size()) : std::string_view{};
  if (type == "str") {
    return json::Value(json::String(text));
  }
  if (type == "null") {
    return is_null(text) ? Result<json::Value>(nullptr) : not_a(type, text);
  }
  if (type == "bool") {
    const auto truth = as_bool(text);
    return truth ? Result<json::Value>(*truth) : not_a(type, text);
  }
  if (type == "int") {
    const int base = integer_base(text);
    return base != 0 ? to_integer(text, base) : not_a(type, text);
  }
  if (type == "float") {
    return is_float(text) ? to_double(text) : not_a(type, text);
  }
  return fail(Code::kConfiguration, "the tag '{}' is not supported; remove it", shorten(tag));
}

}  // namespace oap::yaml
