#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "mcp/connection.hpp"
#include "mcp/protocol.hpp"
#include "model/tool.hpp"
#include "sandbox/spec.hpp"

namespace oap::mcp {

/// How to start and treat one server. A value.
struct ServerSpec {
  std::string name;
  sandbox::Spec process;
  Millis start_timeout{10'000};         ///< until the handshake is done
  Millis call_timeout{30'000};          ///< of one call without an answer or progress
  Millis call_hard_timeout{1'800'000};  ///< of one call whatever it reports
  std::size_t max_message_bytes = 16U << 20U;
  std::string workspace;    ///< told to the server as its one root; "" = no roots
  Millis eof_grace{2000};   ///< from closing its input to SIGTERM
  Millis term_grace{2000};  ///< from SIGTERM to SIGKILL
};

/// One MCP server as seen from here. Calls run side by side over the one link; a server that dies
/// fails them at once and the client is then of no use: close it and connect anew. Belongs to the
/// executor's thread. `close()` before destruction, and after the last call has returned.
/// Source: MCP 2025-11-25 and older versions with a handshake.
class Client {
 public:
  /// Starts the process and does the handshake. Errors name the server and end with the last words
  /// of its stderr; nothing of it is left running then.
  static Task<Result<std::unique_ptr<Client>>> connect_stdio(Executor executor, ServerSpec spec);
  /// The same over any transport; `spec.process` is not used.
  static Task<Result<std::unique_ptr<Client>>> connect(Executor executor, ServerSpec spec,
                                                       std::unique_ptr<Transport> transport);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// All pages of tools/list. Tools without a name or an input schema are left out and logged.
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline);
  /// Runs `call.tool` with `call.arguments` until `call.deadline`. What the tool itself finds wrong
  /// is a result with `is_error`; an Error means there is no result: kInvalidArgument (-32602, also
  /// an unknown tool), kUpstream, kUnavailable (the server ended), kResourceExhausted (the result
  /// is too large), kDeadlineExceeded, kCancelled. The last two cancel the call at the server.
  Task<Result<ToolResult>> call_tool(ToolCall call, ProgressSink progress = {});

  bool alive() const;
  const PeerInfo& info() const { return info_; }
  LinkFaults faults() const;
  /// The last lines of the server's stderr.
  std::string stderr_tail() const;
  /// Called when the server says that its tools have changed.
  void on_tools_changed(std::function<void()> callback);
  /// Ends the server: end of input, then SIGTERM, then SIGKILL. Safe to call twice.
  Task<void> close();

 private:
  struct State;
  explicit Client(std::shared_ptr<State> state);
  static Task<Result<PeerInfo>> shake_hands(std::shared_ptr<State> state);
  static Task<Result<std::vector<ToolSpec>>> list_pages(std::shared_ptr<State> state,
                                                        Deadline deadline);
  static Task<Result<ToolResult>> run_call(std::shared_ptr<State> state, ToolCall call,
                                           ProgressSink progress);

  std::shared_ptr<State> state_;  // shared with calls under way
  PeerInfo info_;
};

}  // namespace oap::mcp
