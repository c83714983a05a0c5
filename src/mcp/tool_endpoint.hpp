#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "async/scope.hpp"
#include "json/schema.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/framing.hpp"
#include "mcp/tool.hpp"

namespace oap::mcp {

struct ServerIdentity {
  std::string name = "oap";
  std::string title;
  std::string instructions;
  std::size_t max_concurrent_calls = 64;
};

/// The serving side of one client's session, whatever carries the messages: handshake, ping,
/// tools/list, tools/call with cancellation and progress. Arguments are checked against the tool's
/// inputSchema before the tool sees them. Belongs to the executor's thread; `finish()` is awaited
/// before destruction. Source: MCP 2025-11-25, basic/lifecycle, server/tools, basic/utilities.
class ToolEndpoint {
 public:
  /// Takes one message towards the client; must not wait.
  using Send = std::function<void(std::string message)>;

  ToolEndpoint(Executor executor, std::vector<std::unique_ptr<Tool>> tools, ServerIdentity identity,
               Send send);

  void receive(std::string_view text);
  void receive_oversize(const Oversize& message);
  std::size_t running() const { return calls_.size(); }
  /// Waits for the running calls until the deadline, then cancels what is left and waits for it.
  Task<void> finish(Deadline patience);

 private:
  struct Call {
    async::CancelSource cancel;
    std::stop_source stop;
  };
  struct Offered {
    std::unique_ptr<Tool> tool;
    std::optional<json::Schema> schema;  ///< compiled at the first call
  };

  void answer(const jsonrpc::Request& request);
  void take_notification(const jsonrpc::Request& notification);
  void reject(const jsonrpc::Rejected& rejected);
  json::Value handshake(const json::Value& params) const;
  void list(const jsonrpc::Request& request);
  void start_call(const jsonrpc::Request& request);
  Task<void> run_call(json::Value id, std::string tool, json::Object arguments, json::Object meta,
                      std::shared_ptr<Call> call);
  Task<Result<ToolResult>> run_tool(Offered& offered, json::Object arguments, CallContext context);
  static std::optional<ToolResult> check(Offered& offered, const json::Object& arguments);
  void report_progress(const json::Value& token, double progress, std::optional<double> total,
                       std::string_view message);
  void send(jsonrpc::Response response);
  void fail_request(const json::Value& id, int code, std::string message);

  Executor executor_;
  ServerIdentity identity_;
  Send send_;
  std::vector<std::string> order_;
  std::map<std::string, Offered, std::less<>> tools_;
  std::map<std::string, std::shared_ptr<Call>> calls_;  // by id key; shared with the running call
  async::Scope scope_;
  async::Event all_done_;
};

}  // namespace oap::mcp
