#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <curl/curl.h>

#include "net/curl_library.hpp"
#include "net/curl_transfer.hpp"

namespace oap::net {

/// libcurl's multi interface on an Asio executor: curl says which sockets and which time to wait
/// for, Asio waits, no thread is added. Everything runs on one strand. Lives as long as its
/// handlers. (curl_multi_socket_action(3))
class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  explicit CurlLoop(Executor executor);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// These may be called from any thread. After `cancel` no further event is sent.
  void start(std::shared_ptr<Transfer> transfer);
  void cancel(std::shared_ptr<Transfer> transfer);
  /// Gives the answer a moment to end properly, which keeps the connection, then ends it.
  void wind_up(std::shared_ptr<Transfer> transfer);
  void close();

 private:
  struct Watch;

  void begin(const std::shared_ptr<Transfer>& transfer);
  Result<void> open_multi();
  void act(curl_socket_t socket, int events);
  void collect_finished();
  void finish(Transfer& transfer, std::optional<Error> error);
  void release(Transfer& transfer);
  void watch_time(const Transfer& transfer);
  void end_late(SteadyTime now);
  void wake_at(SteadyTime when);
  void on_wake();
  void wait(const std::shared_ptr<Watch>& watch, int direction);
  void close_now();

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* watch);
  static int on_timer(CURLM* multi, long millis, void* self);

  boost::asio::strand<Executor> strand_;
  /// One timer for all, and not set back when what it was set for is over: setting it is the
  /// dearest system call of a request. What it then finds may be nothing.
  boost::asio::steady_timer timer_;
  SteadyTime wakes_at_ = SteadyTime::max();
  SteadyTime curl_due_ = SteadyTime::max();
  SteadyTime transfers_due_ = SteadyTime::max();  ///< not later than the first of them
  const CurlLibrary* curl_ = nullptr;
  CURLM* multi_ = nullptr;
  std::unordered_set<std::shared_ptr<Transfer>> running_;
  std::unordered_set<std::shared_ptr<Watch>> watches_;
};

}  // namespace oap::net
