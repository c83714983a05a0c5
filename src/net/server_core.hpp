#pragma once

#include <algorithm>
#include <ctime>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "net/http_server.hpp"

namespace oap::net {

class Connection;
class ServedExchange;

/// What the connections of one server share. Internal to this folder.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  using Connections = std::list<std::shared_ptr<Connection>>;
  using Options = HttpServer::Options;

  ServerCore(Executor executor, Options options, HttpServer::Handler handler);
  ~ServerCore();
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  Result<void> listen();
  Task<void> accept_all();
  Task<void> wind_down(Deadline grace);
  /// Until everything was dropped; a cancelled wait drops it.
  Task<void> wait_dropped();
  /// Drops all connections and cancels all handlers.
  void drop_all();

  /// For connections.
  const Options& options() const { return options_; }
  const Executor& executor() const { return executor_; }
  bool is_closing() const { return closing_; }
  std::vector<char>& scratch() { return scratch_; }
  const std::string& date();
  void handle(std::shared_ptr<ServedExchange> exchange);
  void remove(Connections::iterator place);
  /// Counts the bytes of bodies that have not arrived whole; nobody has said yet who sends them.
  void count_received(std::size_t before, std::size_t now) { received_ += now - before; }
  /// Whether they are more than 32 of the largest bodies, and this one has its part in it.
  bool is_too_much(std::size_t body) const {
    constexpr std::size_t kMostBodies = 32;
    const std::size_t small = std::min<std::size_t>(64U << 10U, options_.limits.body / 8);
    return body > small && received_ > kMostBodies * options_.limits.body;
  }
  /// Counts the connections that are in the middle of a request or an answer.
  void count_busy(int change);

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_.size(); }
  async::Scope& handlers() { return handlers_; }

 private:
  static Task<void> run_handler(std::shared_ptr<ServerCore> core,
                                std::shared_ptr<ServedExchange> exchange);
  enum class Accepted { kOne, kNone, kNoRoom };
  Accepted accept_one();
  bool make_room();
  void watch_time();
  void check_time();

  Executor executor_;
  Options options_;
  HttpServer::Handler handler_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  Millis tick_;
  bool ticking_ = false;
  async::Scope handlers_;
  async::Event quiet_;  ///< notified while closing, once no connection is busy
  async::Event dropped_;
  Connections connections_;
  std::vector<char> scratch_;
  std::string date_;
  std::time_t date_second_ = -1;
  std::uint16_t port_ = 0;
  long busy_ = 0;
  std::size_t received_ = 0;
  bool closing_ = false;
};

}  // namespace oap::net
