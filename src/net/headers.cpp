#include "net/headers.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::net {

const std::string* find_header(const HeaderList& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& field) {
    return text::equals_ci(field.first, name);
  });
  return found == headers.end() ? nullptr : &found->second;
}

std::size_t count_headers(const HeaderList& headers, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(),
                    [&](const auto& field) { return text::equals_ci(field.first, name); }));
}

}  // namespace oap::net
