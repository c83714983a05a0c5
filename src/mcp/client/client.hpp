#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "mcp/answer.hpp"
#include "mcp/era.hpp"
#include "mcp/protocol.hpp"
#include "model/tool.hpp"
#include "net/http_client.hpp"
#include "sandbox/spec.hpp"

namespace oap::mcp {

/// Gives HTTP requests to one server their credentials and learns from its refusals. Implemented by
/// mcp/oauth and by fixed headers; outlives the clients that use it.
class Credentials {
 public:
  virtual ~Credentials() = default;
  /// Headers for a request to `url` (Authorization …), perhaps after fetching or refreshing a
  /// token.
  virtual Task<Result<net::HeaderList>> headers(std::string url) = 0;
  /// The server answered 401 or 403 with this WWW-Authenticate. True: new credentials were had, try
  /// once more. Errors say what a person must do.
  virtual Task<Result<bool>> refused(std::string url, int status, std::string challenge) = 0;
  /// The same, with what headers() had given for that request: where others got new credentials
  /// meanwhile, those are used and nobody is asked. Prefer this one.
  virtual Task<Result<bool>> refused(std::string url, int status, std::string challenge,
                                     net::HeaderList /*sent*/) {
    return refused(std::move(url), status, std::move(challenge));
  }
};

/// Where one server is and how it is treated. A value.
struct ServerSpec {
  std::string name;
  sandbox::Spec process;  ///< where `url` is empty: the program that speaks MCP on stdio
  std::string url;        ///< else: Streamable HTTP, or HTTP+SSE of 2024-11-05 where it is that
  net::HeaderList headers;
  Credentials* credentials = nullptr;   ///< borrowed
  net::HttpClient* http = nullptr;      ///< borrowed; needed where `url` is set
  std::optional<Era> era;               ///< nothing: found out
  Millis start_timeout{10'000};         ///< until it is known how to talk to the server
  Millis call_timeout{30'000};          ///< of one call without an answer or progress
  Millis call_hard_timeout{1'800'000};  ///< of one call whatever it reports
  Millis question_patience{120'000};    ///< then an unanswered question yields to those of others
  std::size_t max_message_bytes = 16U << 20U;
  std::string workspace;      ///< its one root where nobody else answers roots/list; "" = none
  Millis eof_grace{2000};     ///< from closing its input to SIGTERM
  Millis term_grace{2000};    ///< from SIGTERM to SIGKILL
  json::Object capabilities;  ///< ClientCapabilities told to a legacy server, and the default ones
};

/// What a server may ask in the course of a request (sampling/createMessage, elicitation/create,
/// roots/list); its result, or why there is none.
using AskHandler =
    std::function<Task<Answer<json::Object>>(std::string method, json::Object params)>;

/// How one request is made.
struct RequestOptions {
  Deadline deadline = Deadline::never();
  std::optional<Millis> idle_timeout;  ///< instead of the spec's call_timeout
  /// params of notifications/progress without the token; where empty, progress still counts as a
  /// sign of life.
  std::function<void(json::Object params)> on_progress;
  /// Other notifications that belong to this request (log messages, elicitation/complete).
  std::function<void(std::string method, json::Object params)> on_notification;
  AskHandler ask;     ///< empty: whatever is asked is refused
  std::string owner;  ///< whose request it is: a legacy stdio server's question, which names no
                      ///< request, is only put to a caller where all open requests that
                      ///< could be meant have the same owner
  std::string party;  ///< who is behind it; where all open requests are of one party, those that
                      ///< wait for an answer to a question of their own are not meant
  /// Told to a modern server instead of the spec's capabilities.
  std::optional<json::Object> capabilities;
  std::optional<json::Object> client_info;
  std::string log_level;  ///< told to a modern server; "" = none
  /// True: a modern server's `input_required` is the result. False: it is answered through `ask`
  /// and the request made again, until there is a complete result.
  bool keep_input_required = false;
};

/// Tells the user of a client what comes without a request.
struct ClientEvents {
  enum class List { kTools, kPrompts, kResources };
  std::function<void(List)> on_list_changed;
  std::function<void(json::Object params)> on_resource_updated;
  std::function<void(std::string method, json::Object params)> on_other;
};

/// What a link has seen that it should not have.
struct LinkFaults {
  std::uint64_t garbage = 0;          ///< lines that are no messages
  std::uint64_t unknown_answers = 0;  ///< answers to nothing: late, doubled, invented
  std::uint64_t oversize = 0;
};

/// The pages of one list, put together.
struct Listing {
  std::vector<json::Object> items;
  std::optional<std::int64_t> ttl_ms;  ///< the least of the pages'
  bool cache_public = false;           ///< all pages said so
};

/// One MCP server as seen from here, of either era, over stdio, Streamable HTTP or HTTP+SSE. Calls
/// run side by side. A server that dies fails them at once and the client is then of no use: close
/// it and connect anew. Streamable HTTP has no link that could end: there each call fails alone,
/// and a session that the server has forgotten (404) is begun anew once, unseen. Belongs to the
/// executor's thread. `close()` before destruction, and after the last call has returned. Source:
/// MCP 2026-07-28, 2025-11-25 and the three versions before.
class Client {
 public:
  /// Starts or contacts the server, finds out its era and shakes hands where that is the custom.
  /// Errors name the server and end with the last words of its stderr; nothing of it is left
  /// running then.
  static Task<Result<std::unique_ptr<Client>>> connect(Executor executor, ServerSpec spec,
                                                       ClientEvents events);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any request. `params` as the caller has them; `_meta` members of the caller (trace context …)
  /// are kept, the progress token and the envelope of the era are ours. The result is the server's
  /// object untouched. What is given up is cancelled at the server. Failures without `peer`:
  /// kUnavailable (the server ended), kResourceExhausted (too large), kDeadlineExceeded,
  /// kCancelled, kUpstream (an unusable answer).
  Task<Answer<json::Object>> request(std::string method, json::Object params,
                                     RequestOptions options);
  /// All pages of `method` ("tools/list" → member "tools" …). An unknown method is an empty list.
  Task<Result<Listing>> list(std::string method, std::string member, Deadline deadline);

  /// The tools. Those without a name or an input schema, or named twice, are left out and logged.
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline);
  /// tools/call with the call's arguments, extra members and deadline.
  Task<Answer<ToolResult>> call_tool(ToolCall call, RequestOptions options);

  /// Follows a resource: resources/subscribe, or a new subscriptions/listen.
  Task<Answer<json::Object>> watch(std::string uri);
  Task<void> unwatch(std::string uri);
  /// Legacy only: logging/setLevel. Elsewhere nothing.
  Task<void> set_log_level(std::string level);

  bool alive() const;
  Era era() const;
  const PeerInfo& info() const;
  LinkFaults faults() const;
  std::size_t open_requests() const;
  /// The last lines of the server's stderr.
  std::string stderr_tail() const;
  std::optional<int> pid() const;
  /// Ends the server: end of input, then SIGTERM, then SIGKILL; an HTTP session with DELETE. Safe
  /// to call twice.
  Task<void> close();

 private:
  struct State;
  explicit Client(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with calls under way
};

}  // namespace oap::mcp
