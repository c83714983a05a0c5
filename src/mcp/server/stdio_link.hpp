#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "mcp/framing.hpp"
#include "mcp/server/legacy_session.hpp"
#include "mcp/server/modern_desk.hpp"

namespace oap::mcp {

/// The protocol of one pair of pipes, without the pipes: what a line means and which lines answer
/// it. Belongs to the executor's thread; `end()` before destruction.
/// Source: MCP 2026-07-28, basic/transports/stdio; 2025-11-25, basic/transports.
class StdioLink {
 public:
  /// Takes one message towards the client; must not wait.
  using Send = std::function<void(std::string message)>;

  StdioLink(Core& core, Principal principal, Send send);

  void receive(std::string line);
  void receive_oversize(const Oversize& message);
  void changed(const Change& change);
  void sweep(SteadyTime now) { desk_.sweep(now); }
  /// The client will send nothing more: ends streams and what waits for input.
  void end_input();
  /// Cancels what still runs.
  void end();

 private:
  class LineOutlet;

  void receive_batch(std::string_view line);
  void take(jsonrpc::Message message, std::string raw);
  void take_notification(const jsonrpc::Request& notification);
  void take_request(jsonrpc::Request request, std::string raw);
  void reject(jsonrpc::Rejected rejected);
  void send_refusal(json::Value id, Rejection rejection);

  Principal principal_;
  Send send_;
  ModernDesk desk_;
  std::shared_ptr<LegacySession> session_;
  std::map<std::string, std::weak_ptr<LineOutlet>> open_;  // by id key
};

}  // namespace oap::mcp
