#pragma once

#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "mcp/client/endpoint.hpp"
#include "mcp/client/transport.hpp"

namespace oap::mcp {

/// HTTP+SSE of 2024-11-05: one event stream from the server, whose first event says where messages
/// are posted; that must be of the same origin. When the stream ends the link has ended.
/// Source: MCP 2024-11-05, basic/transports.
class SseTransport final : public Transport {
 public:
  SseTransport(Executor executor, const ServerSpec& spec);
  ~SseTransport() override;

  /// Waits for the `endpoint` event, until the deadline.
  Task<Result<void>> open(Receiver& receiver) override;
  Result<void> send(Outgoing message) override;
  Task<Result<void>> deliver(Outgoing message) override;
  void abandon(RequestId /*id*/) override {}
  bool cancels_by_message() const override { return true; }
  bool alive() const override { return !closing_ && !ended_; }
  Task<void> close() override;

 private:
  Task<void> read();
  Task<void> run(Outgoing message);
  Task<Result<void>> post(Outgoing message);
  void take(const net::SseEvent& event);
  void take_endpoint(const std::string& reference);
  void end(Error why);

  Executor executor_;
  Endpoint endpoint_;
  Millis start_timeout_;
  Receiver* receiver_ = nullptr;
  std::string post_url_;
  std::optional<Error> ended_;
  async::Event ready_;
  async::Scope scope_;
  bool closing_ = false;
};

}  // namespace oap::mcp
