#pragma once

#include <optional>

#include "net/http_head.hpp"

namespace oap::mcp {

// What a browser must be told so that a page of a trusted origin may use the endpoint. Pure; ask
// only for requests that `is_trusted` has let pass. Source: WHATWG Fetch, CORS protocol.

/// For any answer: the page may read it and the headers that MCP uses. Empty without an Origin.
net::HeaderList cors_headers(const net::RequestHead& head);
/// For the answer to OPTIONS: what the page may send; `Access-Control-*` only where it is a
/// preflight.
net::HeaderList preflight_headers(const net::RequestHead& head);

}  // namespace oap::mcp
