#include "sandbox/proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "async/deadline.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "net/address_guard.hpp"
#include "sandbox/proxy_wire.hpp"

namespace oap::sandbox {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPiece = 32u << 10;
constexpr Millis kPause{50};

struct Proxy {
  Executor executor;
  AllowList allowed;
  ContactSink sink;
  ProxyOptions options;
};

Task<Result<std::string>> receive(tcp::socket& from) {
  std::string piece(kPiece, '\0');
  const auto [error, size] = co_await from.async_read_some(asio::buffer(piece), kToken);
  if (error && error != asio::error::eof) {
    co_return fail(Code::kUnavailable, "the connection broke: {}", error.message());
  }
  piece.resize(size);
  co_return piece;
}

Task<bool> send(tcp::socket& to, std::string bytes) {
  const auto [error, size] = co_await asio::async_write(to, asio::buffer(bytes), kToken);
  co_return !error;
}

/// Reads until the client has said where it wants to go.
Task<Result<ProxyAsk>> hear(tcp::socket& client, std::string& bytes) {
  bool greeted = false;
  while (true) {
    ProxyAsk ask = read_ask(bytes, greeted);
    bytes.erase(0, ask.consumed);
    if (!ask.reply.empty()) {
      co_await send(client, ask.reply);
    }
    if (ask.state == ProxyAsk::State::kReady) {
      co_return ask;
    }
    if (ask.state == ProxyAsk::State::kBad) {
      co_return fail(Code::kInvalidArgument, "no request that a proxy understands");
    }
    if (ask.state == ProxyAsk::State::kGreeted) {
      greeted = true;
      continue;
    }
    OAP_CO_TRY(const std::string piece, co_await receive(client));
    if (piece.empty()) {
      co_return fail(Code::kUnavailable, "the client left");
    }
    bytes += piece;
  }
}

Result<void> judge(const tcp::endpoint& endpoint, bool named) {
  const net::AddressClass kind = net::classify(*endpoint.data());
  if (kind == net::AddressClass::kLinkLocal || kind == net::AddressClass::kMulticast ||
      kind == net::AddressClass::kUnspecified) {
    return fail(Code::kPermissionDenied, "{} is a {} address, which is never connected to",
                endpoint.address().to_string(), net::to_string(kind));
  }
  if (!named && !net::is_allowed(net::Reach::kPublicOnly, kind)) {
    return fail(Code::kPermissionDenied,
                "the name leads to {}, a {} address; allow the address itself where that is meant",
                endpoint.address().to_string(), net::to_string(kind));
  }
  return {};
}

Task<Result<void>> connect(Proxy& proxy, tcp::socket& server, Contact& contact) {
  tcp::resolver resolver(proxy.executor);
  const bool named = proxy.allowed.names_address(contact.host, contact.port);
  const auto [error, found] = co_await resolver.async_resolve(
      contact.host, std::to_string(contact.port), tcp::resolver::numeric_service, kToken);
  if (error) {
    co_return fail(Code::kUnavailable, "{} could not be resolved: {}", contact.host,
                   error.message());
  }
  for (const auto& entry : found) {
    OAP_CO_CHECK_OK(judge(entry.endpoint(), named));
  }
  error_code last = asio::error::host_not_found;
  for (const auto& entry : found) {
    error_code ignored;
    server.close(ignored);
    const auto [refused] = co_await server.async_connect(entry.endpoint(), kToken);
    last = refused;
    if (!refused) {
      contact.address = entry.endpoint().address().to_string();
      co_return Result<void>();
    }
  }
  co_return fail(Code::kUnavailable, "{}:{}: {}", contact.host, contact.port, last.message());
}

/// One direction, until its end.
Task<void> pump(tcp::socket& from, tcp::socket& to, std::uint64_t& count, Millis idle) {
  while (true) {
    const Deadline deadline = Deadline::after(idle);
    const auto piece = co_await async::with_deadline(deadline, receive(from), "the next byte");
    if (!piece || piece->empty()) {
      break;
    }
    count += piece->size();
    const bool sent = co_await send(to, *piece);
    if (!sent) {
      break;
    }
  }
  error_code ignored;
  to.shutdown(tcp::socket::shutdown_send, ignored);
}

Task<void> exchange(Proxy& proxy, tcp::socket& client, tcp::socket& server, Contact& contact) {
  async::Scope both(proxy.executor);
  both.spawn(pump(client, server, contact.bytes_out, proxy.options.idle_time));
  both.spawn(pump(server, client, contact.bytes_in, proxy.options.idle_time));
  co_await both.join();
}

Result<void> admit(const Proxy& proxy, const ProxyAsk& ask, Contact& contact) {
  contact.port = ask.port;
  OAP_TRY(contact.host, normal_host(ask.host));
  if (!proxy.allowed.allows(contact.host, contact.port)) {
    return fail(Code::kPermissionDenied, "{}:{} is not among the hosts that may be connected to",
                contact.host, contact.port);
  }
  return {};
}

Task<Result<void>> reach(Proxy& proxy, const ProxyAsk& ask, tcp::socket& server, Contact& contact) {
  OAP_CO_CHECK_OK(admit(proxy, ask, contact));
  const Deadline deadline = Deadline::after(proxy.options.connect_time);
  co_return co_await async::with_deadline(deadline, connect(proxy, server, contact),
                                          "the connection");
}

Task<void> serve_one(Proxy& proxy, tcp::socket client) {
  Contact contact;
  std::string bytes;
  const Deadline deadline = Deadline::after(proxy.options.ask_time);
  const auto ask = co_await async::with_deadline(deadline, hear(client, bytes), "the request");
  if (!ask) {
    co_return;
  }
  tcp::socket server(proxy.executor);
  const auto reached = co_await reach(proxy, *ask, server, contact);
  if (!reached) {
    contact.refusal = reached.error().message();
    const bool denied = reached.error().code() == Code::kPermissionDenied ||
                        reached.error().code() == Code::kInvalidArgument;
    co_await send(client, refuse_reply(ask->kind, denied, contact.refusal));
  } else {
    const bool answered = co_await send(client, accept_reply(ask->kind));
    const bool begun = answered && co_await send(server, ask->forward + bytes);
    if (begun) {
      contact.bytes_out += bytes.size() + ask->forward.size();
      co_await exchange(proxy, client, server, contact);
    }
  }
  if (proxy.sink) {
    proxy.sink(contact);
  }
}

}  // namespace

Task<void> serve_proxy(Executor executor, os::UniqueFd listener, AllowList allowed,
                       ContactSink sink, ProxyOptions options) {
  Proxy proxy{executor, std::move(allowed), std::move(sink), options};
  tcp::acceptor acceptor(executor);
  error_code error;
  acceptor.assign(tcp::v4(), listener.release(), error);
  async::Scope connections(executor);
  while (!error) {
    auto [refused, client] = co_await acceptor.async_accept(kToken);
    if (refused == asio::error::operation_aborted || refused == asio::error::bad_descriptor) {
      break;
    }
    if (refused || connections.live() >= options.most_connections) {
      if (!co_await async::sleep_for(kPause)) {
        break;
      }
      continue;
    }
    connections.spawn(serve_one(proxy, std::move(client)));
  }
  connections.cancel();
  co_await connections.join();
}

}  // namespace oap::sandbox
