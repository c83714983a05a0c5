#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "async/task.hpp"
#include "net/http_exchange.hpp"

namespace oap::net {

class Connection;

/// An exchange on a real connection. Internal to this folder.
class ServedExchange final : public HttpExchange {
 public:
  ServedExchange(std::shared_ptr<Connection> connection, RequestHead head, std::string body);
  ~ServedExchange() override;
  ServedExchange(const ServedExchange&) = delete;
  ServedExchange& operator=(const ServedExchange&) = delete;

  const RequestHead& head() const override { return head_; }
  const std::string& body() const override { return body_; }
  std::string take_body() override { return std::move(body_); }
  const std::string& peer() const override { return peer_; }
  void respond(HttpReply reply) override;
  void start_stream(int status, HeaderList headers) override;
  Result<void> write(std::string bytes) override;
  void finish() override;
  bool ended() const override { return connection_ == nullptr || left_; }
  void on_disconnect(std::function<void()> gone) override;

  /// From the connection: the client has left, though it may still read a whole answer...
  void client_left();
  /// ...or there is nothing to answer to any more.
  void connection_lost();
  bool is_stream() const { return streaming_; }
  /// From the server: the handler has ended.
  void handler_ended();

 private:
  std::shared_ptr<Connection> connection_;  ///< null once ended
  RequestHead head_;
  std::string body_;
  std::string peer_;
  std::function<void()> gone_;
  Executor executor_;
  bool streaming_ = false;
  bool left_ = false;  ///< the client has gone
};

}  // namespace oap::net
