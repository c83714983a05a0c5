#include "mcp/server/mirror.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "crypto/hash.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::mcp {
namespace {

constexpr std::string_view kBegin = "=?base64?";
constexpr std::string_view kEnd = "?=";

bool is_plain(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); });
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::vector<MirroredParam> mirrored_params(const json::Object& input_schema) {
  return read_mirrored(input_schema).value_or(std::vector<MirroredParam>());
}

std::optional<std::string> decode_header_value(std::string_view value) {
  if (!is_plain(value)) {
    return std::nullopt;
  }
  const bool wrapped = value.size() >= kBegin.size() + kEnd.size() && value.starts_with(kBegin) &&
                       value.ends_with(kEnd);
  if (!wrapped) {
    return std::string(value);
  }
  value.remove_prefix(kBegin.size());
  value.remove_suffix(kEnd.size());
  auto decoded = crypto::from_base64(value);
  if (decoded && !text::is_valid_utf8(*decoded)) {
    return std::nullopt;
  }
  return decoded;
}

bool header_equals(std::string_view header, const json::Value& body) {
  if (body.is_string()) {
    return header == json::view(body.get_string());
  }
  if (body.is_bool()) {
    return header == (body.get_bool() ? "true" : "false");
  }
  if (!body.is_number()) {
    return false;
  }
  if (body.is_int64()) {
    if (const auto exact = number_of<std::int64_t>(header)) {
      return *exact == body.get_int64();
    }
  }
  const auto number = number_of<double>(header);
  return number && *number == body.to_number<double>();
}

}  // namespace oap::mcp
