#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::mcp {

/// The newest version with a handshake, which we offer.
inline constexpr std::string_view kLatestVersion = "2025-11-25";
/// All versions with a handshake that are spoken, newest first.
const std::vector<std::string>& known_versions();
bool is_known_version(std::string_view version);
/// What a server answers to a client that asks for `requested`: the same where it is known, else
/// the newest. Source: MCP 2025-11-25, basic/lifecycle.
std::string_view negotiate(std::string_view requested);

/// The version of this program, as told to peers.
std::string_view program_version();

/// What the other side said of itself in the handshake.
struct PeerInfo {
  std::string protocol_version;
  json::Object capabilities;
  json::Object implementation;  ///< serverInfo or clientInfo
  std::string instructions;
};

/// A tool of a tools/list result. kUpstream where it has no name or its inputSchema is no object.
Result<ToolSpec> tool_from_json(const std::string& server, json::Value value);

/// A tools/call result. `content` blocks, `structuredContent` and `_meta` are kept verbatim, other
/// members are `extra`. `content` may be missing beside `structuredContent`, and where `resultType`
/// says that the result is not complete (input_required, task). kUpstream where it is none.
/// Source: MCP 2025-11-25 and 2026-07-28, server/tools, CallToolResult.
Result<ToolResult> result_from_json(json::Value value);
json::Object to_json(ToolResult result);

}  // namespace oap::mcp
