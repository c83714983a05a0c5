#pragma once

#include <string>
#include <string_view>

namespace oap::net {

/// A URL's host as rules name it: in lower case, without brackets and final dot; an address in its
/// usual form, whatever form it is written in (`0x7f.1`, `2130706433`), and the IPv4 address of one
/// that IPv6 maps or translates (`::ffff:127.0.0.1`, RFC 4291 §2.5.5.2, RFC 6052 §2.1). Pure.
std::string plain_host(std::string_view host);

}  // namespace oap::net
