#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "async/branch.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "mcp/client/endpoint.hpp"
#include "mcp/client/transport.hpp"
#include "mcp/era.hpp"

namespace oap::mcp {

/// Streamable HTTP, each message a POST of its own. Begins in the modern way: version and routing
/// headers, no session, a stream that closes is a request that was cancelled. The legacy way has a
/// session, a stream for what the server says unasked, and resumes streams that broke; a session
/// that the server has forgotten is begun anew once a message, and the message, which was not
/// accepted, sent again. A request that fails is told to the receiver; the link itself never ends.
/// Source: MCP 2026-07-28, basic/transports/streamable-http; 2025-11-25, basic/transports.
class HttpTransport final : public Transport {
 public:
  HttpTransport(Executor executor, const ServerSpec& spec);
  ~HttpTransport() override;

  Task<Result<void>> open(Receiver& receiver) override;
  Result<void> send(Outgoing message) override;
  Task<Result<void>> deliver(Outgoing message) override;
  void abandon(RequestId id) override;
  bool cancels_by_message() const override { return era_ == Era::kLegacy; }
  bool alive() const override { return !closing_; }
  Task<void> close() override;

  /// From here on the legacy way.
  void use_legacy() {
    era_ = Era::kLegacy;
    refused_with_ = 0;
  }
  /// The version that a legacy server has chosen is told from now on.
  void set_version(const std::string& version) { version_ = version; }
  /// The legacy handshake is done: what the server says unasked is wanted.
  void start_listening();
  /// The HTTP status with which a POST was refused last; 0 = none was.
  int refused_with() const { return refused_with_; }

 private:
  /// How far a stream was read.
  struct Place {
    std::string last_event_id;
    std::optional<Millis> retry;
  };
  struct Read;

  Task<void> run(Outgoing message);
  Task<Result<void>> post(Outgoing message);
  Task<Result<net::HttpResponse>> post_once(std::shared_ptr<Read> read, std::string text);
  Task<Result<net::HttpResponse>> get_once(std::shared_ptr<Read> read, Place place);
  Result<void> conclude(const Read& read, Result<net::HttpResponse> response);
  Task<void> resume(RequestId id, Place place);
  Task<void> listen();
  Task<Result<void>> renew(std::string stale);
  Task<Result<void>> begin_anew();
  std::shared_ptr<Read> read_for(RequestId id);
  void add_session(net::HttpRequest& request) const;
  static bool is_too_large(const Result<net::HttpResponse>& response);
  static Place place_of(const Read& read, Place before);
  static Millis pause(const Place& place, int failures);
  void give_up(RequestId id, Error why);

  Executor executor_;
  Endpoint endpoint_;
  Millis start_timeout_;
  Receiver* receiver_ = nullptr;
  Era era_ = Era::kModern;
  std::string session_;
  std::string version_;
  std::string initialize_text_;
  int refused_with_ = 0;
  std::unordered_map<RequestId, async::Branch> posts_;
  async::Semaphore renewing_{1};
  async::Scope scope_;
  bool closing_ = false;
};

}  // namespace oap::mcp
