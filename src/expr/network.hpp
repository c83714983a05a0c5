#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oap::expr {

// IP addresses as 4 or 16 bytes in network order. All pure.

/// Dotted IPv4 or RFC 4291 IPv6 without a zone and without a dotted part; nothing for anything
/// else.
std::optional<std::string> parse_ip(std::string_view text);
/// RFC 5952 for IPv6.
std::string format_ip(std::string_view address);
/// An IPv4 address also where it is written as ::ffff:a.b.c.d's sixteen bytes.
std::string unmap_ip(std::string_view address);

}  // namespace oap::expr
