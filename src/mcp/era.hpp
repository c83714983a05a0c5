#pragma once

#include <string_view>

namespace oap::mcp {

/// The two ways MCP is spoken. Legacy: 2024-11-05 … 2025-11-25, a handshake and a session. Modern:
/// 2026-07-28, stateless; every request says in `_meta` who asks and what it can.
enum class Era { kLegacy, kModern };
std::string_view to_string(Era era);

/// The stateless version that is spoken.
inline constexpr std::string_view kModernVersion = "2026-07-28";

// Members of `_meta`. Source: MCP 2026-07-28, basic.
inline constexpr std::string_view kMetaVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kMetaServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kMetaSubscription = "io.modelcontextprotocol/subscriptionId";

/// The extension for tasks, as capabilities name it. Source: SEP-2663.
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

// JSON-RPC error codes of MCP beside the standard ones.
inline constexpr int kResourceNotFoundLegacy = -32002;
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;   ///< data.requiredCapabilities: {…}
inline constexpr int kUnsupportedVersion = -32022;  ///< data: {supported: […], requested}
inline constexpr int kUrlElicitationRequired = -32042;

}  // namespace oap::mcp
