#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "json/value.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/answer.hpp"
#include "mcp/era.hpp"
#include "mcp/server/mirror.hpp"
#include "net/http_head.hpp"

namespace oap::mcp {

// The rules of the modern era that need no waiting: what a request must carry, which headers must
// repeat it, how errors become HTTP status codes. All pure; any input is safe.
// Source: MCP 2026-07-28, basic, basic/versioning, basic/transports/streamable-http.

/// Severities of RFC 5424, the least first.
enum class LogLevel { kDebug, kInfo, kNotice, kWarning, kError, kCritical, kAlert, kEmergency };
std::optional<LogLevel> log_level(std::string_view name);

/// A request that is refused before a Service sees it.
struct Rejection {
  int status = 400;  ///< over HTTP
  jsonrpc::ErrorObject error;
};

/// What a modern request says of itself in `_meta`.
struct Envelope {
  std::string version;
  json::Object capabilities;
  json::Object info;
  std::optional<LogLevel> log_level;
};

/// Whether `params._meta` has a member that only modern requests have.
bool has_envelope(const json::Object& params);
/// Which era a request, or notification, belongs to. `version` is the MCP-Protocol-Version header,
/// null where there is none or no headers.
Era era_of(const jsonrpc::Request& request, const std::string* version);

/// Refused: no `_meta`, no version, no capabilities, a member of the wrong type, an unknown level.
tl::expected<Envelope, Rejection> read_envelope(const json::Object& params);
/// -32022 where this version is not spoken.
std::optional<Rejection> check_version(std::string_view version);
/// MCP-Protocol-Version, which must be the envelope's.
std::optional<Rejection> check_version_header(const net::HeaderList& headers,
                                              std::string_view version);
/// Mcp-Method and, where the method has one, Mcp-Name.
std::optional<Rejection> check_method_headers(const net::HeaderList& headers,
                                              const jsonrpc::Request& request);
/// Mcp-Param-*: there exactly where the argument is, and the same.
std::optional<Rejection> check_mirrored(const net::HeaderList& headers, const json::Object& params,
                                        const std::vector<MirroredParam>& mirrored);

/// False for what only the legacy era or only clients know; true for anything else.
bool may_be_modern(std::string_view method);
/// The same the other way round.
bool may_be_legacy(std::string_view method);
/// tools/call, prompts/get, resources/read: those whose result may be `input_required`.
bool may_require_input(std::string_view method);

/// The HTTP status of a modern error answer of a Service.
int http_status_of(const jsonrpc::ErrorObject& error);
/// Codes that modern answers must not carry any more become those that replace them.
jsonrpc::ErrorObject modern_error(jsonrpc::ErrorObject error);
/// Adds what every modern result has: resultType, serverInfo in `_meta`, ttlMs and cacheScope where
/// the method wants them; each only where absent.
void complete_result(std::string_view method, const json::Object& server_info,
                     json::Object& result);

/// Which ClientCapabilities a question to the client needs, e.g. {"sampling":{"tools":{}}}; nothing
/// where they are declared. Unknown methods need what no client declares.
std::optional<json::Object> missing_capability(std::string_view method, const json::Object& params,
                                               const json::Object& declared);
/// The failure of a question that the client did not declare.
tl::unexpected<Failure> undeclared(json::Object required);
/// Whether a client's answer to a question has the shape it must have.
bool is_valid_input(std::string_view method, const json::Value& input);

}  // namespace oap::mcp
