#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "net/http_connection.hpp"
#include "net/served_exchange.hpp"
#include "text/strings.hpp"

namespace oap::net {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Millis kLingerTime{5'000};
constexpr std::size_t kSmallBody = 8U << 10U;  ///< sent in one piece with its head
constexpr std::string_view kLastChunk = "0\r\n\r\n";

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

std::string Connection::next_head(int status, const HeaderList& headers, Framing framing,
                                  std::size_t length) {
  const std::string* connection = find_header(headers, "Connection");
  const bool asked_to_close = connection != nullptr && text::equals_ci(*connection, "close");
  keep_alive_ =
      keep_alive_ && !asked_to_close && !core_->is_closing() && framing != Framing::kUntilClose;
  AnswerHead head;
  head.status = status;
  head.headers = &headers;
  head.framing = framing;
  head.length = length;
  head.keep_alive = keep_alive_;
  head.version = version_;
  head.date = core_->date();
  return write_head(head);
}

void Connection::answer(HttpReply reply) {
  const auto self = shared_from_this();
  exchange_ = nullptr;
  if (!are_valid(reply.headers) || reply.status < 200 || reply.status > 999) {
    reply = invalid_reply();
  }
  const bool with_body = may_have_body(reply.status);
  std::string head = next_head(reply.status, reply.headers,
                               with_body ? Framing::kLength : Framing::kNone, reply.body.size());
  if (!with_body || is_head_request_) {
    reply.body.clear();
  }
  if (reply.body.size() <= kSmallBody) {
    head += reply.body;
    out_.push(std::move(head));
  } else {
    out_.push(std::move(head));
    out_.push(std::move(reply.body));
  }
  answered_ = true;
  flush();
}

bool Connection::begin_stream(int status, const HeaderList& headers) {
  framing_ = version_ >= 11 ? Framing::kChunked : Framing::kUntilClose;
  const bool with_body = may_have_body(status);
  const bool sends_body = with_body && !is_head_request_;
  const Framing told = with_body ? framing_ : Framing::kNone;
  framing_ = sends_body ? framing_ : Framing::kNone;
  out_.push(next_head(status, headers, told, 0));
  flush_soon();
  return sends_body;
}

Result<void> Connection::write_stream(std::string bytes) {
  if (bytes.empty()) {
    return {};
  }
  if (!out_.empty() && out_.size() + bytes.size() > core_->options().max_queued_bytes) {
    return fail(Code::kResourceExhausted,
                "the client {} does not read: {} bytes wait for it already", peer_, out_.size());
  }
  if (framing_ == Framing::kChunked) {
    out_.push(fmt::format("{:x}\r\n", bytes.size()));
    out_.push(std::move(bytes));
    out_.push("\r\n");
  } else {
    out_.push(std::move(bytes));
  }
  flush_soon();
  return {};
}

void Connection::finish_stream() {
  const auto self = shared_from_this();
  exchange_ = nullptr;
  if (framing_ == Framing::kChunked) {
    out_.push(std::string(kLastChunk));
  }
  answered_ = true;
  flush();
}

void Connection::abandon() {
  const auto self = shared_from_this();
  exchange_ = nullptr;
  flush();
  if (state_ == State::kClosed) {
    return;
  }
  error_code ignored;
  const asio::socket_base::linger reset(true, 0);
  if (framing_ != Framing::kChunked || !out_.empty()) {
    socket_.set_option(reset, ignored);
  }
  close();
}

void Connection::flush() {
  std::array<iovec, 16> places;
  while (!writing_ && !out_.empty()) {
    msghdr message{};
    message.msg_iov = places.data();
    message.msg_iovlen = out_.gather(places);
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      out_.consume(static_cast<std::size_t>(sent));
      write_deadline_ = SteadyTime::max();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_writable();
      return;
    } else if (errno != EINTR) {
      close();
      return;
    }
  }
  if (out_.empty() && answered_ && state_ == State::kOpen) {
    answer_left();
  }
}

void Connection::flush_soon() {
  if (std::exchange(flush_posted_, true)) {
    return;
  }
  asio::post(core_->executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Connection::wait_writable() {
  writing_ = true;
  if (write_deadline_ == SteadyTime::max()) {
    write_deadline_ = now() + core_->options().write_timeout;
  }
  socket_.async_wait(asio::socket_base::wait_write,
                     [self = shared_from_this()](const error_code& error) {
                       self->writing_ = false;
                       if (!error && self->state_ != State::kClosed) {
                         self->flush();
                       }
                     });
}

void Connection::answer_left() {
  answered_ = false;
  if (!keep_alive_) {
    linger();
    return;
  }
  enter(State::kIdle, now() + core_->options().idle_timeout);
  if (advancing_) {
    return;
  }
  if (!ahead_.empty() || input_ended_) {
    asio::post(core_->executor(), [self = shared_from_this()] { self->advance(); });
  } else {
    wait_readable();
  }
}

void Connection::linger() {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (input_ended_) {
    close();
    return;
  }
  drained_ = 0;
  ahead_.clear();
  enter(State::kLinger, now() + kLingerTime);
  if (!advancing_) {
    wait_readable();
  }
}

}  // namespace oap::net
