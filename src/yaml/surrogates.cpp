#include "yaml/surrogates.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "json/parse.hpp"

namespace oap::yaml {
namespace {

constexpr std::size_t kEscape = 6;  // \uXXXX

/// The value of the \uXXXX that begins the text.
std::optional<std::uint32_t> unit_at(std::string_view text) {
  if (text.size() < kEscape || text.substr(0, 2) != "\\u") {
    return std::nullopt;
  }
  std::uint32_t unit = 0;
  const char* const end = text.data() + kEscape;
  const auto [at, problem] = std::from_chars(text.data() + 2, end, unit, 16);
  return problem == std::errc() && at == end ? std::optional(unit) : std::nullopt;
}

}  // namespace

std::string join_surrogates(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool may_be =
      first != std::string_view::npos && (text[first] == '{' || text[first] == '[') &&
      (text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos);
  if (!may_be || !json::parse(text, {.max_depth = 1'000, .max_bytes = text.size() + 1})) {
    return std::string(text);
  }
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto high = unit_at(text.substr(at));
    const auto low = high ? unit_at(text.substr(at + kEscape)) : std::nullopt;
    if (high && low && *high >= 0xD800 && *high < 0xDC00 && *low >= 0xDC00 && *low < 0xE000) {
      out += fmt::format("\\U{:08x}", 0x10000 + ((*high - 0xD800) << 10U) + (*low - 0xDC00));
      at += 2 * kEscape;
    } else if (text[at] == '\\') {
      out += text.substr(at, 2);
      at += 2;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace oap::yaml
