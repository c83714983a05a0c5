#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "mcp/client/transport.hpp"
#include "mcp/outbox.hpp"
#include "sandbox/child.hpp"
#include "sandbox/spec.hpp"

namespace oap::mcp {

struct StdioOptions {
  std::size_t max_message_bytes = 16U << 20U;
  std::size_t max_queued_bytes = 64U << 20U;
  Millis eof_grace{2000};   ///< from the end of its input to SIGTERM
  Millis term_grace{2000};  ///< from SIGTERM to SIGKILL
};

/// A peer that is a child process of ours: one message a line on its stdin and stdout, stderr is
/// for people and its end is kept. Source: MCP 2025-11-25 and 2026-07-28, basic/transports, stdio.
class StdioTransport final : public Transport {
 public:
  StdioTransport(Executor executor, std::string name, sandbox::Spec process, StdioOptions options);
  ~StdioTransport() override;

  Task<Result<void>> open(Receiver& receiver) override;
  Result<void> send(Outgoing message) override;
  Task<Result<void>> deliver(Outgoing message) override;
  void abandon(RequestId /*id*/) override {}
  bool cancels_by_message() const override { return true; }
  bool alive() const override { return child_ != nullptr && !ended_ && !outbox_.finished(); }
  std::optional<int> pid() const override;
  std::string diagnostics() const override;
  Task<void> close() override;

 private:
  Task<void> read_messages();
  Task<void> read_diagnostics();
  Task<void> write_messages();
  Task<void> await_exit();
  Task<void> watch_link();
  void report_trouble(std::string what);
  void deliver(const LineSplitter::Piece& piece);
  void end(Code code, const std::string& what);

  Executor executor_;
  std::string name_;
  sandbox::Spec process_;
  StdioOptions options_;
  Receiver* receiver_ = nullptr;
  std::unique_ptr<sandbox::Child> child_;
  Outbox outbox_;
  async::Scope scope_;
  async::Event exited_;
  async::Event output_ended_;
  async::Event errors_ended_;
  async::Event exit_seen_;
  async::Event trouble_;
  std::string trouble_text_;
  std::string error_tail_;
  bool ended_ = false;
  bool closing_ = false;
};

}  // namespace oap::mcp
