#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "net/http_answer.hpp"
#include "net/out_queue.hpp"
#include "net/server_core.hpp"

namespace oap::net {

/// One client's connection: reads a request, hands it over, sends its answer, reads the next. Made
/// of callbacks, so that a waiting one costs no coroutine. Lives as long as one of its waits or its
/// exchange does. Internal to this folder.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> core, boost::asio::ip::tcp::socket socket,
             std::string peer);

  void start(ServerCore::Connections::iterator place);
  /// Ends what should have ended by now.
  bool is_late(SteadyTime now) const;
  void end_late();
  bool is_idle() const { return state_ == State::kIdle; }
  SteadyTime deadline() const { return deadline_; }
  /// Ends it at once; its exchange learns that the client has gone.
  void close();

  /// For its exchange. After `answer` and `finish_stream` the exchange is no more of its concern.
  const Executor& executor() const { return core_->executor(); }
  const std::string& peer() const { return peer_; }
  void answer(HttpReply reply);
  /// False where no body may follow; then the exchange has ended.
  bool begin_stream(int status, const HeaderList& headers);
  Result<void> write_stream(std::string bytes);
  void finish_stream();
  /// Nobody holds the exchange any more, and it has not ended.
  void abandon();

 private:
  enum class State { kIdle, kHead, kBody, kOpen, kLinger, kClosed };

  void enter(State state, SteadyTime deadline);
  void wait_readable();
  bool wants_bytes() const;
  void on_readable();
  void take(std::string_view bytes);
  void feed(std::string_view bytes);
  void body_grew();
  void count_body(std::size_t bytes);
  void advance();
  void open_exchange();
  void on_end_of_input();
  void refuse(int status, std::string_view why);
  std::string next_head(int status, const HeaderList& headers, Framing framing, std::size_t length);
  void flush();
  void flush_soon();
  void wait_writable();
  void answer_left();
  void linger();

  std::shared_ptr<ServerCore> core_;
  boost::asio::ip::tcp::socket socket_;
  std::string peer_;
  ServerCore::Connections::iterator place_;
  std::unique_ptr<RequestReader> reader_;  ///< only while a request is read
  std::string ahead_;                      ///< bytes after the request under way
  OutQueue out_;
  ServedExchange* exchange_ = nullptr;  ///< the one under way; it tells when it goes
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime write_deadline_ = SteadyTime::max();
  SteadyTime body_begun_;
  std::size_t drained_ = 0;
  std::size_t received_ = 0;  ///< of a body that is being read, as counted by the core
  State state_ = State::kIdle;
  Framing framing_ = Framing::kLength;
  std::int8_t version_ = 11;
  bool is_head_request_ = false;
  bool keep_alive_ = true;
  bool answered_ = false;  ///< the whole answer is in `out_`
  bool input_ended_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool flush_posted_ = false;
  bool advancing_ = false;
};

}  // namespace oap::net
