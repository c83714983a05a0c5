#include "mcp/client/param_headers.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "crypto/hash.hpp"

namespace oap::mcp {
namespace {

constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";
constexpr double kMostInteger = 9007199254740991.0;  // 2^53 - 1

std::optional<std::string> header_text(const json::Value& value) {
  if (value.is_string()) {
    return std::string(json::view(value.get_string()));
  }
  if (value.is_bool()) {
    return value.get_bool() ? "true" : "false";
  }
  if (value.is_int64()) {
    return fmt::to_string(value.get_int64());
  }
  if (value.is_uint64()) {
    return fmt::to_string(value.get_uint64());
  }
  if (value.is_double() && std::abs(value.get_double()) <= kMostInteger &&
      std::trunc(value.get_double()) == value.get_double()) {
    return fmt::to_string(static_cast<std::int64_t>(value.get_double()));
  }
  return std::nullopt;
}

}  // namespace

std::string encode_header_value(std::string_view value) {
  const bool padded = !value.empty() && (value.front() == ' ' || value.back() == ' ' ||
                                         value.front() == '\t' || value.back() == '\t');
  const bool plain = std::all_of(value.begin(), value.end(),
                                 [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
  const bool taken_for_encoded = value.starts_with(kPrefix) && value.ends_with(kSuffix);
  if (plain && !padded && !taken_for_encoded) {
    return std::string(value);
  }
  return std::string(kPrefix) + crypto::to_base64(value) + std::string(kSuffix);
}

net::HeaderList mirror_params(const std::vector<MirroredParam>& declared,
                              const json::Object& arguments) {
  net::HeaderList headers;
  for (const MirroredParam& each : declared) {
    const json::Object* object = &arguments;
    const json::Value* value = nullptr;
    for (const std::string& name : each.path) {
      value = object == nullptr ? nullptr : json::find(*object, name);
      object = value == nullptr ? nullptr : value->if_object();
    }
    if (const auto text = value == nullptr ? std::nullopt : header_text(*value)) {
      headers.emplace_back(each.header, encode_header_value(*text));
    }
  }
  return headers;
}

}  // namespace oap::mcp
