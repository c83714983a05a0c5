#include "net/server_core.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "async/bug.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "net/http_connection.hpp"
#include "net/http_date.hpp"
#include "net/served_exchange.hpp"

namespace oap::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kScratch = 64U << 10U;
constexpr Millis kPause{50};  ///< after an accept for which there was no room
constexpr int kAcceptsInARow = 64;

Result<tcp::endpoint> endpoint_of(std::string address, std::uint16_t port) {
  if (address == "localhost") {
    address = "127.0.0.1";
  }
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return fail(Code::kInvalidArgument,
                "\"{}\" is no address to listen on; write an IPv4 or IPv6 address, or localhost",
                address);
  }
  return tcp::endpoint(ip, port);
}

std::string text_of(const tcp::endpoint& peer) {
  const auto address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return fmt::format("{}:{}",
                       asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string(),
                       peer.port());
  }
  return fmt::format(fmt::runtime(address.is_v6() ? "[{}]:{}" : "{}:{}"), address.to_string(),
                     peer.port());
}

Millis tick_for(const ServerCore::Options& options) {
  const Millis shortest = std::min(
      {options.head_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
  return std::clamp(shortest / 4, Millis(5), Millis(1000));
}

}  // namespace

ServerCore::ServerCore(Executor executor, Options options, HttpServer::Handler handler)
    : executor_(executor),
      options_(std::move(options)),
      handler_(std::move(handler)),
      acceptor_(executor),
      timer_(executor),
      tick_(tick_for(options_)),
      handlers_(executor),
      quiet_(executor),
      dropped_(executor),
      scratch_(kScratch) {}

ServerCore::~ServerCore() = default;

/// What accepted sockets need is set on the listening one: they inherit it.
Result<void> ServerCore::listen() {
  OAP_TRY(const tcp::endpoint at, endpoint_of(options_.address, options_.port));
  const int on = 1;
  const int off = 0;
  const int raw = ::socket(at.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  error_code error(errno, boost::system::system_category());
  if (raw >= 0) {
    acceptor_.assign(at.protocol(), raw, error);
    ::setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(raw, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (at.address().is_v6()) {
      ::setsockopt(raw, IPPROTO_IPV6, IPV6_V6ONLY, at.address().is_unspecified() ? &off : &on,
                   sizeof on);
    }
    acceptor_.bind(at, error);
    if (!error) {
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
  }
  if (error) {
    return fail(Code::kFailedPrecondition,
                "cannot listen on {}: {}; choose another port or address", text_of(at),
                error.message());
  }
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

Task<void> ServerCore::accept_all() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (acceptor_.is_open() && !closing_) {
    const auto [error] = co_await acceptor_.async_wait(asio::socket_base::wait_read, token);
    if (error || closing_) {
      co_return;
    }
    Accepted last = Accepted::kOne;
    for (int i = 0; i < kAcceptsInARow && last == Accepted::kOne; ++i) {
      last = accept_one();
    }
    if (last == Accepted::kNoRoom) {
      co_await async::sleep_for(kPause);
    }
  }
}

ServerCore::Accepted ServerCore::accept_one() {
  if (connections_.size() >= options_.max_connections && !make_room()) {
    return Accepted::kNoRoom;
  }
  tcp::endpoint peer;
  socklen_t length = static_cast<socklen_t>(peer.capacity());
  const int raw =
      ::accept4(acceptor_.native_handle(), peer.data(), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (raw < 0) {
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      return Accepted::kNone;
    }
    if (error == ECONNABORTED || error == EINTR) {
      return Accepted::kOne;
    }
    const bool full = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    return full && make_room() ? Accepted::kOne : Accepted::kNoRoom;
  }
  peer.resize(length);
  tcp::socket socket(executor_);
  error_code error;
  socket.assign(peer.protocol(), raw, error);
  if (error) {
    ::close(raw);
    return Accepted::kNoRoom;
  }
  connections_.push_front(
      std::make_shared<Connection>(shared_from_this(), std::move(socket), text_of(peer)));
  connections_.front()->start(connections_.begin());
  watch_time();
  return Accepted::kOne;
}

bool ServerCore::make_room() {
  std::shared_ptr<Connection> longest;
  for (const auto& each : connections_) {
    if (each->is_idle() && (!longest || each->deadline() < longest->deadline())) {
      longest = each;
    }
  }
  if (longest) {
    longest->close();
  }
  return longest != nullptr;
}

void ServerCore::watch_time() {
  if (std::exchange(ticking_, true)) {
    return;
  }
  timer_.expires_after(tick_);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (self) {
      self->ticking_ = false;
    }
    if (self && !error) {
      self->check_time();
    }
  });
}

void ServerCore::check_time() {
  const SteadyTime at = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& each : connections_) {
    if (each->is_late(at)) {
      late.push_back(each);
    }
  }
  for (const auto& each : late) {
    each->end_late();
  }
  if (!connections_.empty()) {
    watch_time();
  }
}

const std::string& ServerCore::date() {
  const std::time_t second = std::time(nullptr);
  if (second != date_second_) {
    date_second_ = second;
    date_ = format_http_date(WallTime(std::chrono::seconds(second)));
  }
  return date_;
}

void ServerCore::handle(std::shared_ptr<ServedExchange> exchange) {
  handlers_.spawn(run_handler(shared_from_this(), std::move(exchange)));
}

Task<void> ServerCore::run_handler(std::shared_ptr<ServerCore> core,
                                   std::shared_ptr<ServedExchange> exchange) {
  try {
    co_await core->handler_(exchange);
  } catch (const std::exception&) {
    async::report_bug("an HTTP handler ended with an exception", std::current_exception());
  }
  exchange->handler_ended();
}

void ServerCore::remove(Connections::iterator place) {
  connections_.erase(place);
  if (connections_.empty()) {
    timer_.cancel();
  }
}

void ServerCore::count_busy(int change) {
  busy_ += change;
  if (closing_ && busy_ == 0) {
    quiet_.notify();
  }
}

void ServerCore::drop_all() {
  closing_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  handlers_.cancel();
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& each : all) {
    each->close();
  }
  timer_.cancel();
  quiet_.notify();
  dropped_.notify();
}

Task<void> ServerCore::wait_dropped() {
  const Deadline never = Deadline::never();
  if (co_await dropped_.wait(never) == async::Event::Wake::kCancelled) {
    drop_all();
  }
}

Task<void> ServerCore::wind_down(Deadline grace) {
  if (std::exchange(closing_, true)) {
    drop_all();
    co_return;
  }
  error_code ignored;
  acceptor_.close(ignored);
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& each : all) {
    if (each->is_idle()) {
      each->close();
    }
  }
  if (busy_ == 0) {
    quiet_.notify();
  }
  co_await quiet_.wait(grace);
  drop_all();
}

}  // namespace oap::net
