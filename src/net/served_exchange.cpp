#include "net/served_exchange.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "net/http_answer.hpp"
#include "net/http_connection.hpp"

namespace oap::net {

ServedExchange::ServedExchange(std::shared_ptr<Connection> connection, RequestHead head,
                               std::string body)
    : connection_(std::move(connection)),
      head_(std::move(head)),
      body_(std::move(body)),
      peer_(connection_->peer()),
      executor_(connection_->executor()) {}

ServedExchange::~ServedExchange() {
  if (connection_) {
    std::exchange(connection_, nullptr)->abandon();
  }
}

void ServedExchange::respond(HttpReply reply) {
  if (connection_ && !streaming_) {
    const auto no_more = std::exchange(gone_, nullptr);
    std::exchange(connection_, nullptr)->answer(std::move(reply));
  }
}

void ServedExchange::start_stream(int status, HeaderList headers) {
  if (!connection_ || streaming_) {
    return;
  }
  if (!are_valid(headers)) {
    respond(invalid_reply());
    return;
  }
  if (left_) {
    std::exchange(connection_, nullptr)->abandon();
    return;
  }
  streaming_ = true;
  if (!connection_->begin_stream(status, headers)) {
    finish();
  }
}

Result<void> ServedExchange::write(std::string bytes) {
  if (connection_ && streaming_) {
    return connection_->write_stream(std::move(bytes));
  }
  if (connection_) {
    return fail(Code::kFailedPrecondition, "the HTTP answer is written before it was started");
  }
  return fail(Code::kUnavailable, "the HTTP answer has ended, or its client has gone");
}

void ServedExchange::finish() {
  if (connection_ && streaming_) {
    const auto no_more = std::exchange(gone_, nullptr);
    std::exchange(connection_, nullptr)->finish_stream();
  }
}

void ServedExchange::on_disconnect(std::function<void()> gone) {
  if (left_) {
    boost::asio::post(executor_, std::move(gone));
  } else if (connection_) {
    gone_ = std::move(gone);
  }
}

void ServedExchange::client_left() {
  left_ = true;
  if (auto gone = std::exchange(gone_, nullptr)) {
    gone();
  }
}

void ServedExchange::connection_lost() {
  connection_.reset();
  client_left();
}

void ServedExchange::handler_ended() {
  if (connection_ && !streaming_) {
    respond(failed_reply());
  }
}

}  // namespace oap::net
