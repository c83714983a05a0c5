#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_head.hpp"

namespace oap::mcp {

// Who may use a server by name: the defence against DNS rebinding. Pure; any input is safe.
// Source: MCP 2026-07-28, basic/transports/streamable-http, Security.

/// The host of "host", "host:80", "[::1]:80" in lower case, an IPv6 address without its brackets;
/// nothing where it is none of these.
std::optional<std::string> host_of(std::string_view authority);
/// The host of "http://host:80" and of nothing else; "null" has none.
std::optional<std::string> host_of_origin(std::string_view origin);
/// localhost, a name under .localhost, 127.0.0.0/8, ::1
bool is_loopback_name(std::string_view host);

/// Host must be a loopback name or one of `hosts`, once; Origin absent, of the same host (all
/// loopback names are one), or one of `origins` letter for letter.
bool is_trusted(const net::RequestHead& head, const std::vector<std::string>& hosts,
                const std::vector<std::string>& origins);

}  // namespace oap::mcp
