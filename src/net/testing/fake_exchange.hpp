#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "net/http_exchange.hpp"

namespace oap::net::testing {

/// An exchange without a connection, for tests of handlers: the request is made up, the answer is
/// looked at. `leave` plays a client that goes. For tests only.
class FakeExchange final : public HttpExchange {
 public:
  FakeExchange(std::string method, std::string target, HeaderList headers = {},
               std::string body = {}) {
    head_.method = std::move(method);
    head_.target = std::move(target);
    head_.headers = std::move(headers);
    head_.content_length = body.size();
    body_ = std::move(body);
  }

  const RequestHead& head() const override { return head_; }
  const std::string& body() const override { return body_; }
  std::string take_body() override { return std::move(body_); }
  const std::string& peer() const override { return peer_; }
  void respond(HttpReply answer) override;
  void start_stream(int status, HeaderList headers) override;
  Result<void> write(std::string bytes) override;
  void finish() override;
  bool ended() const override { return ended_; }
  void on_disconnect(std::function<void()> gone) override;

  /// The whole answer so far; `body` holds all bytes of a stream, chunk framing not added.
  const HttpReply& reply() const { return reply_; }
  bool is_answered() const { return answered_; }
  bool is_stream() const { return streaming_; }
  bool is_finished() const { return answered_ || finished_; }
  /// Each `write` on its own.
  const std::vector<std::string>& pieces() const { return pieces_; }
  const std::string* header(std::string_view name) const {
    return find_header(reply_.headers, name);
  }

  void leave();
  void set_peer(std::string peer) { peer_ = std::move(peer); }
  /// From then on `write` gives kResourceExhausted, as for a client that does not read.
  void stop_reading() { reads_ = false; }

 private:
  RequestHead head_;
  std::string body_;
  std::string peer_ = "127.0.0.1:50000";
  HttpReply reply_;
  std::vector<std::string> pieces_;
  std::function<void()> gone_;
  bool answered_ = false;
  bool streaming_ = false;
  bool finished_ = false;
  bool ended_ = false;
  bool left_ = false;
  bool reads_ = true;
};

}  // namespace oap::net::testing
