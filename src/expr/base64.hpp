#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oap::expr {

/// RFC 4648 §4 with padding.
std::string base64_encode(std::string_view data);
/// With or without padding; nothing where the text is not base64. Both pure.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace oap::expr
