#include "net/http_connection.hpp"

#include <cerrno>
#include <utility>

#include <boost/asio/post.hpp>
#include <sys/socket.h>

#include "net/served_exchange.hpp"
#include "text/strings.hpp"

namespace oap::net {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kInvalidRequest = -32600;
constexpr std::size_t kMaxAhead = 64U << 10U;    ///< bytes read beyond the request under way
constexpr std::size_t kMaxDrained = 64U << 20U;  ///< bytes thrown away so that an answer is read
constexpr std::size_t kBodyBytesPerSecond = 16U << 10U;
constexpr int kReadRounds = 8;  ///< then other connections have their turn
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, asio::ip::tcp::socket socket,
                       std::string peer)
    : core_(std::move(core)), socket_(std::move(socket)), peer_(std::move(peer)) {}

void Connection::start(ServerCore::Connections::iterator place) {
  place_ = place;
  deadline_ = now() + core_->options().idle_timeout;
  wait_readable();
}

void Connection::enter(State state, SteadyTime deadline) {
  const auto busy = [](State each) {
    return each == State::kHead || each == State::kBody || each == State::kOpen;
  };
  const int change = static_cast<int>(busy(state)) - static_cast<int>(busy(state_));
  state_ = state;
  deadline_ = deadline;
  if (change != 0) {
    core_->count_busy(change);
  }
}

bool Connection::is_late(SteadyTime at) const {
  return at >= deadline_ || (writing_ && at >= write_deadline_);
}

void Connection::end_late() {
  const bool reads_request = state_ == State::kHead || state_ == State::kBody;
  if (reads_request && !writing_) {
    refuse(408, "the HTTP request did not arrive in the time allowed");
  } else {
    close();
  }
}

void Connection::close() {
  if (state_ == State::kClosed) {
    return;
  }
  const auto self = shared_from_this();
  enter(State::kClosed, SteadyTime::max());
  error_code ignored;
  socket_.close(ignored);
  count_body(0);
  reader_.reset();
  ahead_ = std::string();
  out_.clear();
  core_->remove(place_);
  if (ServedExchange* exchange = std::exchange(exchange_, nullptr)) {
    exchange->connection_lost();
  }
}

bool Connection::wants_bytes() const {
  return !input_ended_ && state_ != State::kClosed && ahead_.size() < kMaxAhead;
}

void Connection::wait_readable() {
  if (reading_ || !wants_bytes()) {
    return;
  }
  reading_ = true;
  socket_.async_wait(asio::socket_base::wait_read,
                     [self = shared_from_this()](const error_code& error) {
                       if (!error && self->state_ != State::kClosed) {
                         self->on_readable();
                       }
                       self->reading_ = false;
                       if (!error) {
                         self->wait_readable();
                       }
                     });
}

/// `reading_` stays set meanwhile, so that nothing begins another wait.
void Connection::on_readable() {
  for (int round = 0; round < kReadRounds && wants_bytes(); ++round) {
    std::vector<char>& space = core_->scratch();
    const ssize_t got = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
    if (got == 0) {
      on_end_of_input();
      return;
    }
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      close();
      return;
    }
    if (got < 0) {
      break;
    }
    const auto count = static_cast<std::size_t>(got);
    take({space.data(), count});
    if (count < space.size()) {
      break;
    }
  }
}

void Connection::take(std::string_view bytes) {
  if (state_ == State::kOpen) {
    ahead_ += bytes;
  } else if (state_ == State::kLinger) {
    drained_ += bytes.size();
    if (drained_ > kMaxDrained) {
      close();
    }
  } else if (state_ != State::kClosed) {
    advancing_ = true;
    feed(bytes);
    advancing_ = false;
    advance();
  }
}

/// One request after the other, as far as what was read ahead goes. A loop, for a client may send
/// thousands at once.
void Connection::advance() {
  if (std::exchange(advancing_, true)) {
    return;
  }
  while (state_ == State::kIdle && !ahead_.empty()) {
    const std::string bytes = std::exchange(ahead_, {});
    feed(bytes);
  }
  advancing_ = false;
  if (input_ended_ && state_ == State::kIdle) {
    close();
  } else if (input_ended_ && (state_ == State::kHead || state_ == State::kBody)) {
    refuse(400, "the HTTP request broke off");
  }
  wait_readable();
}

void Connection::feed(std::string_view bytes) {
  if (state_ == State::kIdle) {
    if (bytes.starts_with("\r\n")) {
      bytes.remove_prefix(2);
    }
    if (bytes.empty()) {
      return;
    }
    reader_ = std::make_unique<RequestReader>(core_->options().limits);
    enter(State::kHead, now() + core_->options().head_timeout);
  }
  if (auto fed = reader_->feed(bytes); !fed) {
    refuse(reader_->refusal(), fed.error().message());
    return;
  }
  if (reader_->is_done()) {
    open_exchange();
  } else if (reader_->has_head()) {
    body_grew();
  }
}

void Connection::body_grew() {
  if (state_ == State::kHead) {
    body_begun_ = now();
    if (reader_->expects_continue()) {
      out_.push(std::string(kContinue));
      flush();
    }
    if (state_ == State::kClosed) {
      return;
    }
  }
  count_body(reader_->body_bytes());
  if (core_->is_too_much(received_)) {
    refuse(503, "too many long requests are being received; try again later");
    return;
  }
  const auto grace = std::chrono::seconds(received_ / kBodyBytesPerSecond);
  enter(State::kBody, body_begun_ + core_->options().body_timeout + grace);
}

void Connection::count_body(std::size_t bytes) {
  core_->count_received(std::exchange(received_, bytes), bytes);
}

void Connection::open_exchange() {
  count_body(0);
  RequestHead head = reader_->take_head();
  std::string body = reader_->take_body();
  ahead_ = reader_->take_rest();
  reader_.reset();
  version_ = static_cast<std::int8_t>(head.version);
  is_head_request_ = head.method == "HEAD";
  keep_alive_ = head.keep_alive;
  answered_ = false;
  enter(State::kOpen, SteadyTime::max());
  auto exchange =
      std::make_shared<ServedExchange>(shared_from_this(), std::move(head), std::move(body));
  exchange_ = exchange.get();
  if (input_ended_) {
    exchange->client_left();
  }
  core_->handle(std::move(exchange));
}

void Connection::on_end_of_input() {
  input_ended_ = true;
  if (state_ != State::kOpen) {
    if (state_ == State::kLinger) {
      close();
    } else {
      advance();
    }
    return;
  }
  if (exchange_ != nullptr && exchange_->is_stream()) {
    close();
  } else if (exchange_ != nullptr) {
    exchange_->client_left();
  }
}

void Connection::refuse(int status, std::string_view why) {
  count_body(0);
  reader_.reset();
  ahead_.clear();
  enter(State::kOpen, SteadyTime::max());
  keep_alive_ = false;
  is_head_request_ = false;
  answer(error_reply(status, kInvalidRequest, why));
}

}  // namespace oap::net
