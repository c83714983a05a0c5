#include "config/decode_values.hpp"

#include <cmath>

namespace oap::config {

Millis seconds(const json::Value& value, std::string_view key) {
  return Millis(static_cast<Millis::rep>(std::llround(json::get_double(value, key) * 1000)));
}

int whole(const json::Value& value, std::string_view key) {
  return static_cast<int>(json::get_int(value, key));
}

std::string text_of(const json::Value& value, std::string_view key) {
  return std::string(json::get_string(value, key));
}

std::vector<std::string> texts(const json::Value& value, std::string_view key) {
  std::vector<std::string> out;
  if (const json::Array* const items = json::find_array(value, key)) {
    for (const json::Value& item : *items) {
      out.emplace_back(json::view(item.get_string()));
    }
  }
  return out;
}

std::map<std::string, std::string> text_map(const json::Value& value, std::string_view key) {
  std::map<std::string, std::string> out;
  if (const json::Object* const members = json::find_object(value, key)) {
    for (const auto& pair : *members) {
      out.emplace(std::string(pair.key()), std::string(json::view(pair.value().get_string())));
    }
  }
  return out;
}

std::optional<std::uint64_t> size(const json::Value& value, std::string_view key) {
  if (!has(value, key)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(json::get_int(value, key));
}

bool has(const json::Value& value, std::string_view key) {
  return json::find(value, key) != nullptr;
}

const json::Value& section(const json::Value& value, std::string_view key) {
  static const json::Value kEmpty = json::Object();
  const json::Value* const found = json::find(value, key);
  return found != nullptr ? *found : kEmpty;
}

}  // namespace oap::config
