#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/branch.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "json/value.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/client/client.hpp"
#include "mcp/client/transport.hpp"

namespace oap::mcp {

/// How long a request may take.
struct Patience {
  Deadline hard = Deadline::never();  ///< whatever happens
  std::optional<Millis> idle;         ///< without an answer or progress, questions to us aside
};

/// One request of ours and who is told of what comes before its answer.
struct Inquiry {
  std::string method;
  json::Object params;
  Patience patience;
  net::HeaderList headers = {};
  std::function<void(json::Object params)> on_progress = {};
  std::function<void(std::string method, json::Object params)> on_notification = {};
  AskHandler ask = {};
  std::string owner = {};
  std::string party = {};
  bool may_be_asked = false;  ///< what the server asks in between may be about it
  bool ends_by_peer = false;  ///< notifications/cancelled of the peer ends it
  bool quiet = false;         ///< given up without a word to the peer
};

/// Many requests at once over one transport, and what the peer asks in between: knows JSON-RPC,
/// progress and cancellation, nothing of tools. Answers reach their request by id; anything else is
/// dropped and counted. A question of the peer goes to the request on whose stream it came; where
/// it names none, to the open requests that may be meant, if they all are of one owner. A request
/// that waits for an answer of ours asks nothing else: among the requests of one party those are
/// left out; those of another party are given up after a while, so that nobody who does not come
/// back takes the server's questions from all others. When the link ends, every open request fails
/// at once with the reason. Belongs to the executor's thread.
class Connection final : public Receiver {
 public:
  /// Answers a question that no request answers; nothing where it cannot.
  using Fallback = std::function<std::optional<json::Object>(std::string_view method)>;
  using NotificationHandler = std::function<void(std::string method, json::Object params)>;

  Connection(Executor executor, std::string peer_name, std::unique_ptr<Transport> transport);
  ~Connection() override;

  void on_question(Fallback fallback) { fallback_ = std::move(fallback); }
  /// Notifications that belong to no request.
  void on_notification(NotificationHandler handler) { on_notification_ = std::move(handler); }
  /// The server is a modern one: it may ask nothing, and what it asks is no message.
  void expect_no_questions() { may_ask_ = false; }
  /// How long a question may wait before it stands in the way of others no more; two minutes.
  void set_question_patience(Millis patience) { question_patience_ = patience; }
  void on_renewal(std::function<void()> handler) { on_renewal_ = std::move(handler); }

  Task<Result<void>> open();
  /// The result; else the peer's error verbatim (with kInvalidArgument for -32602, kUnimplemented
  /// for -32601, kUpstream for others), or kUpstream (unusable), kResourceExhausted,
  /// kDeadlineExceeded, kCancelled, kUnavailable (the link ended) without `peer`. A request that is
  /// given up is cancelled at the peer, but for `initialize`. What `ask` does has ended on return.
  Task<Answer<json::Object>> request(Inquiry inquiry);
  Result<void> notify(std::string method, json::Object params);
  /// Waits until the peer has it, where the transport can tell.
  Task<Result<void>> tell(std::string method, json::Object params);

  bool alive() const { return transport_->alive() && !ended_; }
  const LinkFaults& faults() const { return faults_; }
  std::size_t open_requests() const { return pending_.size(); }
  Transport& transport() { return *transport_; }
  const Transport& transport() const { return *transport_; }
  /// Fails what is open and ends the link.
  Task<void> close();

  void on_message(std::string_view text, RequestId about) override;
  void on_oversize(const Oversize& message, RequestId about) override;
  void on_failed(RequestId id, Failure why) override;
  bool is_open(RequestId id) const override { return pending_.contains(id); }
  void on_renewed() override;
  void on_closed(const Error& reason) override;

 private:
  struct Pending;
  struct Asked;
  class Entry;

  Outgoing print_request(RequestId id, Inquiry& inquiry) const;
  Result<Outgoing> print_notification(std::string method, json::Object params) const;
  SteadyTime due(const Pending& pending) const;
  Task<void> watch_time();
  void expire(Pending& pending);
  void give_up(const Pending& pending, std::string_view reason);
  void settle(Pending& pending, Answer<json::Object> answer);
  void fail_all(const Error& reason);
  void take_answer(jsonrpc::Response response, RequestId about);
  void take_unknown_answer();
  void take_garbage(std::string_view text, const jsonrpc::Rejected& why, RequestId about);
  Failure failure_of(jsonrpc::ErrorObject error) const;
  void take_notification(jsonrpc::Request notification, RequestId about);
  void take_progress(json::Object params);
  void take_cancellation(const json::Object& params);
  Pending* find(RequestId id);
  Pending* subject_of(const json::Object& params, RequestId about);
  Pending* common_owner();
  Pending* asking_request();
  void give_up_abandoned();

  void take_question(jsonrpc::Request request, RequestId about);
  Task<void> answer_question(std::shared_ptr<Asked> asked, jsonrpc::Request request,
                             AskHandler ask);
  void respond(const json::Value& id, Answer<json::Object> answer);
  static Task<void> end_questions(std::vector<std::shared_ptr<Asked>> asked);

  Executor executor_;
  std::string peer_name_;
  std::unique_ptr<Transport> transport_;
  Fallback fallback_;
  NotificationHandler on_notification_;
  std::function<void()> on_renewal_;
  std::unordered_map<RequestId, Pending*> pending_;      // each lives in the frame of its request()
  std::map<std::string, std::shared_ptr<Asked>> asked_;  // by id_key; shared with the answering
  std::set<RequestId> dropped_;  // given up without a word; their late answers are no faults
  RequestId next_id_ = 1;
  bool may_ask_ = true;
  Millis question_patience_{120'000};
  LinkFaults faults_;
  std::optional<Error> ended_;
  async::Scope scope_;
  async::Event alarm_;
  SteadyTime armed_for_ = SteadyTime::max();
};

}  // namespace oap::mcp
