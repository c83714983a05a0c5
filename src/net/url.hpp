#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::net {

/// An absolute http or https URL (RFC 3986 §3).
struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string userinfo;    ///< before the `@`; a secret, never to be printed
  std::string host;        ///< lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< the scheme's own where the text has none
  std::string path;        ///< "" or begins with `/`
  std::string query;       ///< without the `?`; may be secret

  bool has_default_port() const;
  /// scheme://host[:port], what messages may show.
  std::string origin() const;
};

/// kInvalidArgument where the text is no such URL, has blanks or control characters, or a port
/// outside 1..65535. A fragment is dropped. The message never repeats userinfo or query.
Result<Url> parse_url(std::string_view text);

/// True for localhost, names below it, 127.0.0.0/8, ::1 and its IPv4-mapped forms. Only what is
/// written counts: no name is looked up. Brackets around an IPv6 address are allowed.
bool is_loopback(std::string_view host);

/// The base with the path (which begins with `/`) put at its end. Slashes at the base's end do not
/// double, nor does a piece with which the base ends and the path begins: base `…/v1` and path
/// `/v1/messages` give `…/v1/messages`. A base that already ends in the path is returned as it is.
std::string join_url(std::string_view base, std::string_view path);

}  // namespace oap::net
