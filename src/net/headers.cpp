#include "net/headers.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::net {

const std::string* find_header(const HeaderList& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& field) {
    return field.first.size() == name.size() && text::equals_ci(field.first, name);
  });
  return found == headers.end() ? nullptr : &found->second;
}

std::size_t count_headers(const HeaderList& headers, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [&](const auto& field) {
        return field.first.size() == name.size() && text::equals_ci(field.first, name);
      }));
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < '\x7F' &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

}  // namespace oap::net
