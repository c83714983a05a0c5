#pragma once

#include <string>
#include <string_view>

#include "text/utf8.hpp"

namespace oap::gateway::testing {

/// `\u{hex}` as that character and `\xNN` as that byte. For tests only.
inline std::string unescape(std::string_view field) {
  std::string out;
  for (std::size_t at = 0; at < field.size(); ++at) {
    const std::size_t close = field.find('}', at);
    if (field.substr(at, 3) == "\\u{" && close != std::string_view::npos) {
      const std::string digits(field.substr(at + 3, close - at - 3));
      text::append_utf8(out, static_cast<char32_t>(std::stoul(digits, nullptr, 16)));
      at = close;
    } else if (field.substr(at, 2) == "\\x" && at + 4 <= field.size()) {
      out += static_cast<char>(std::stoi(std::string(field.substr(at + 2, 2)), nullptr, 16));
      at += 3;
    } else {
      out += field[at];
    }
  }
  return out;
}

}  // namespace oap::gateway::testing
