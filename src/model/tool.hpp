#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "json/value.hpp"

namespace oap {

/// On whose behalf something is done. Data.
struct Principal {
  std::string user_id;
  std::string role = "user";  ///< an agent's role (commander, planner, worker, reviewer) or "user"
  std::string tenant = "default";
};

/// Who made a tool call; decides which approver is asked and what the audit says.
enum class Origin { kAgent, kWorkflow, kMcpClient, kHost, kCommand };
std::string_view to_string(Origin origin);

/// The name of the built-in server; `""` and "default" mean the same in what people write.
inline constexpr std::string_view kBuiltinServer = "sandbox";

/// What a server says of one of its tools. `definition` is the MCP Tool object, kept verbatim.
struct ToolSpec {
  std::string server;
  std::string name;  ///< as the server calls it
  std::string description;
  json::Value input_schema;
  json::Object definition;
  std::string alias = {};  ///< the public name where the catalog gave it another than the usual

  /// The name under which models see it: bare for built-in tools, `server__tool` otherwise.
  std::string public_name() const;
};

/// What stands before an MCP method's name where a ToolCall is no tool but such a request
/// ("mcp:resources/read"). No server's tool may be called so.
inline constexpr std::string_view kMethodPrefix = "mcp:";

/// The methods that may be meant so: reading, and following what was read or begun.
bool is_reading_method(std::string_view method);

/// One request to run one tool: what every guard judges and every upstream gets. A value.
struct ToolCall {
  std::string id;  ///< call_…
  Principal principal;
  std::string session_id;
  std::string task_id;
  std::string server;
  std::string tool;
  json::Object arguments;
  Origin origin = Origin::kAgent;
  Deadline deadline = Deadline::never();
  std::string idempotency_key;
  json::Object extra = {};  ///< other members of an MCP request's params (_meta, inputResponses …)

  std::string public_name() const;
  /// The MCP method that is meant where it is no tool ("resources/read"), else "".
  std::string_view method() const;
};

/// What a tool answered: MCP content blocks, forwarded untouched but for redaction.
struct ToolResult {
  json::Array content;
  bool is_error = false;
  std::optional<json::Value> structured;
  json::Object meta;
  json::Object extra =
      {};  ///< members that have no place above (resultType, inputRequests, task …)

  static ToolResult text(std::string_view text, bool is_error = false);
  /// All text blocks joined by newlines.
  std::string joined_text() const;
};

/// Why a call was not run. A denial is a value, never an error.
struct Denial {
  std::string call_id;
  std::string server;
  std::string tool;
  json::Object arguments;
  std::string
      rule;  ///< which rule or hook decided, e.g. "permissions.yaml:12" or "StrictRoleGuard"
  std::string reason;       ///< a sentence
  bool unanswered = false;  ///< an ask that nobody answered, rather than a deny rule
};

/// How one walk through the gateway ended: exactly one of result, denial, error is set.
struct ToolOutcome {
  std::optional<ToolResult> result;
  std::optional<Denial> denial;
  std::optional<Error> error;  ///< infrastructure: unknown tool, dead server, deadline
  std::optional<json::Object> peer_error = {};  ///< beside `error`: the server's JSON-RPC error
  Millis duration{0};

  bool ok() const { return result && !result->is_error; }
  /// What goes back to the model: the result's text, or a sentence on the denial or error.
  std::string text_for_model() const;
};

}  // namespace oap
