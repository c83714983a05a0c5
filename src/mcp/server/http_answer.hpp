#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "mcp/server/outlet.hpp"
#include "mcp/server/quota.hpp"
#include "net/http_exchange.hpp"

namespace oap::mcp {

/// What a client's Accept header allows; both where it has none.
struct HttpAccept {
  bool json = true;
  bool stream = true;
};
HttpAccept accept_of(const net::RequestHead& head);

/// An HTTP answer that is one JSON text, or an event stream from the moment on when something
/// precedes it. Shared with the exchange's callback.
class HttpAnswer {
 public:
  HttpAnswer(Executor executor, std::shared_ptr<net::HttpExchange> http);
  static std::shared_ptr<HttpAnswer> make(Executor executor,
                                          std::shared_ptr<net::HttpExchange> http);

  const HttpAccept& accept() const { return accept_; }
  std::string_view peer() const { return http_->peer(); }
  void add_header(std::string name, std::string value);
  bool is_streaming() const { return streaming_; }
  bool is_over() const { return over_; }

  void start_stream();
  /// Bytes of the stream. Where the client does not read, the connection is given up.
  void write(std::string bytes);
  void respond(int status, std::string body);
  void finish();
  /// Keeps the place until the answer is over.
  void hold(Quota::Place place) { place_ = std::move(place); }
  /// Called once when the client leaves, or is given up, before the end.
  void on_gone(std::function<void()> gone) { gone_ = std::move(gone); }

  /// Waits until the answer has been given or has become a stream, or the client has left.
  static Task<void> settled(std::shared_ptr<HttpAnswer> answer);

 private:
  void settle();
  void leave();

  Executor executor_;
  std::shared_ptr<net::HttpExchange> http_;
  HttpAccept accept_;
  net::HeaderList headers_;
  std::function<void()> gone_;
  std::optional<async::Event> waiter_;
  Quota::Place place_;
  bool streaming_ = false;
  bool settled_ = false;
  bool over_ = false;
};

/// The outlet of one HTTP request whose stream cannot be resumed.
class HttpOutlet final : public Outlet, public Pulse {
 public:
  explicit HttpOutlet(std::shared_ptr<HttpAnswer> answer)
      : answer_(std::move(answer)), since_(std::chrono::steady_clock::now()) {}

  void send(std::string message) override;
  void answer(std::string message, int status) override;
  void abandon() override;
  bool can_send() const override { return answer_->accept().stream; }
  std::string_view peer() const override { return answer_->peer(); }
  void on_gone(std::function<void()> gone) override { answer_->on_gone(std::move(gone)); }
  /// Keeps a stream alive, and makes a long wait for an answer one.
  void beat() override;

 private:
  std::shared_ptr<HttpAnswer> answer_;
  SteadyTime since_;
};

/// One server-sent event of a JSON text, without an id.
std::string event_of(std::string_view message);
inline constexpr const char* kKeepAlive = ":\n\n";

}  // namespace oap::mcp
