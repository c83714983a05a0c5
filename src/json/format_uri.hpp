#pragma once

#include <string_view>

namespace oap::json {

/// Formats of RFC 3986 (URI), RFC 3987 (IRI: as URI, with characters beyond ASCII), RFC 6570 (URI
/// templates), RFC 2673 §3.2 (IPv4) and RFC 4291 §2.2 (IPv6, without zones). All pure.
bool is_uri(std::string_view text);
bool is_uri_reference(std::string_view text);
bool is_iri(std::string_view text);
bool is_iri_reference(std::string_view text);
bool is_uri_template(std::string_view text);
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

}  // namespace oap::json
