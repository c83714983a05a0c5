#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"

namespace oap::config {

// Members of checked settings in the types of `Config`. An absent member is what an empty one is.

Millis seconds(const json::Value& value, std::string_view key);
int whole(const json::Value& value, std::string_view key);
std::string text_of(const json::Value& value, std::string_view key);
std::vector<std::string> texts(const json::Value& value, std::string_view key);
std::map<std::string, std::string> text_map(const json::Value& value, std::string_view key);
std::optional<std::uint64_t> size(const json::Value& value, std::string_view key);
bool has(const json::Value& value, std::string_view key);
/// The member, or an empty object. The value outlives what is returned.
const json::Value& section(const json::Value& value, std::string_view key);

template <class T>
std::optional<T> number(const json::Value& value, std::string_view key) {
  if (!has(value, key)) {
    return std::nullopt;
  }
  return static_cast<T>(json::get_double(value, key));
}

}  // namespace oap::config
