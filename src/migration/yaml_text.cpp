#include "migration/yaml_text.hpp"

#include <algorithm>

#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

std::string key_text(std::string_view key) {
  const bool plain =
      !key.empty() && text::is_alpha(key[0]) && std::all_of(key.begin(), key.end(), [](char c) {
        return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
      });
  const bool word = key == "true" || key == "false" || key == "null";
  return plain && !word ? std::string(key) : json::quote(key);
}

void put(const json::Object& object, const std::string& indent, std::string& out) {
  for (const auto& member : object) {
    out += indent + key_text(member.key()) + ":";
    const json::Value& value = member.value();
    if (value.is_object() && !value.get_object().empty()) {
      out += "\n";
      put(value.get_object(), indent + "  ", out);
    } else {
      out += " " + json::print(value) + "\n";
    }
  }
}

}  // namespace

std::string yaml_text(const json::Object& object) {
  std::string out;
  put(object, "", out);
  return out;
}

}  // namespace oap::migration
