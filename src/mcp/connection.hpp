#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/event.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "json/value.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/transport.hpp"

namespace oap::mcp {

/// How long a request may take.
struct Patience {
  Deadline hard = Deadline::never();  ///< whatever happens
  Millis idle{30'000};                ///< without an answer or progress
};

/// What a link has seen that it should not have.
struct LinkFaults {
  std::uint64_t garbage = 0;          ///< lines that are no messages
  std::uint64_t unknown_answers = 0;  ///< answers to nothing: late, doubled, invented
  std::uint64_t oversize = 0;
};

using ProgressSink =
    std::function<void(double progress, std::optional<double> total, std::string_view message)>;

/// Many requests at once over one transport, and what the peer asks in between: knows JSON-RPC,
/// progress and cancellation, nothing of tools. Answers reach their request by id; anything else is
/// dropped and counted. When the link ends, every open request fails at once with the reason.
/// Belongs to the executor's thread.
class Connection final : public Receiver {
 public:
  /// Answers a request of the peer; kUnimplemented becomes -32601.
  using RequestHandler = std::function<Result<json::Value>(const jsonrpc::Request& request)>;
  using NotificationHandler = std::function<void(const jsonrpc::Request& notification)>;

  Connection(Executor executor, std::string peer_name, std::unique_ptr<Transport> transport);

  void on_request(RequestHandler handler) { on_request_ = std::move(handler); }
  void on_notification(NotificationHandler handler) { on_notification_ = std::move(handler); }

  Task<Result<void>> open();
  /// The result, or the error: kInvalidArgument (-32602), kUnimplemented (-32601), kUpstream (any
  /// other answer that is an error or unusable), kDeadlineExceeded, kCancelled, kUnavailable (the
  /// link ended). A request that is given up is cancelled at the peer, but for `initialize`.
  Task<Result<json::Value>> request(std::string method, json::Object params, Patience patience,
                                    ProgressSink progress);
  Result<void> notify(std::string method, json::Object params);

  bool alive() const { return transport_->alive() && !ended_; }
  LinkFaults faults() const { return faults_; }
  std::size_t open_requests() const { return pending_.size(); }
  std::string diagnostics() const { return transport_->diagnostics(); }
  /// Fails what is open and ends the link.
  Task<void> close();

  void on_message(std::string_view text) override;
  void on_oversize(const Oversize& message) override;
  void on_closed(const Error& reason) override;

 private:
  struct Pending {
    explicit Pending(Executor executor) : answered(std::move(executor)) {}
    async::Event answered;
    std::optional<Result<json::Value>> answer;
    ProgressSink progress;
    SteadyTime last_sign;
  };

  Task<Result<json::Value>> wait_for(std::int64_t id, std::shared_ptr<Pending> pending,
                                     std::string method, Patience patience);
  void give_up(std::int64_t id, const std::string& method, std::string_view reason);
  void settle(const std::string& key, Result<json::Value> answer);
  void fail_all(const Error& reason);
  void take_answer(jsonrpc::Response response);
  void take_request(const jsonrpc::Request& request);
  void take_progress(const json::Value& params);
  void take_garbage(std::string_view text, const std::string& why);
  Error error_of(const jsonrpc::ErrorObject& error) const;
  void send_response(jsonrpc::Response response);

  Executor executor_;
  std::string peer_name_;
  std::unique_ptr<Transport> transport_;
  RequestHandler on_request_;
  NotificationHandler on_notification_;
  std::map<std::string, std::shared_ptr<Pending>> pending_;  // shared with the waiting request
  std::int64_t next_id_ = 1;
  LinkFaults faults_;
  std::optional<Error> ended_;
};

}  // namespace oap::mcp
