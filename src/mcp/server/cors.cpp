#include "mcp/server/cors.hpp"

#include <string>

#include "text/strings.hpp"

namespace oap::mcp {
namespace {

constexpr std::string_view kMethods = "GET, POST, DELETE";
constexpr std::string_view kHeaders =
    "Accept, Authorization, Content-Type, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, "
    "Mcp-Name, Mcp-Session-Id, traceparent, tracestate, baggage, X-API-Key";
constexpr std::string_view kExposed =
    "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, "
    "Retry-After";
constexpr std::string_view kMirrored = "mcp-param-";

/// The headers above and the mirrored arguments (`Mcp-Param-…`) that the page asks for.
std::string allowed_headers(const std::string* wanted) {
  std::string allowed(kHeaders);
  for (const std::string_view each :
       text::split(wanted == nullptr ? std::string_view() : std::string_view(*wanted), ',')) {
    const std::string_view name = text::trim(each);
    if (text::starts_with_ci(name, kMirrored)) {
      allowed.append(", ").append(name);
    }
  }
  return allowed;
}

}  // namespace

net::HeaderList cors_headers(const net::RequestHead& head) {
  const std::string* origin = head.header("Origin");
  if (origin == nullptr) {
    return {};
  }
  return {{"Access-Control-Allow-Origin", *origin},
          {"Access-Control-Expose-Headers", std::string(kExposed)},
          {"Vary", "Origin"}};
}

net::HeaderList preflight_headers(const net::RequestHead& head) {
  net::HeaderList headers{{"Allow", "GET, POST, DELETE, OPTIONS"}};
  if (head.header("Origin") == nullptr || head.header("Access-Control-Request-Method") == nullptr) {
    return headers;
  }
  headers.emplace_back("Access-Control-Allow-Methods", kMethods);
  headers.emplace_back("Access-Control-Allow-Headers",
                       allowed_headers(head.header("Access-Control-Request-Headers")));
  headers.emplace_back("Access-Control-Max-Age", "600");
  return headers;
}

}  // namespace oap::mcp
