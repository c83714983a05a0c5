#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/socket.h>

#include "api/line_buffer.hpp"
#include "api/line_server.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "async/stream.hpp"

// The inside of LineServer: what its connections share, and one of them. Internal to this folder.
namespace oap::api {

/// The code of an answer that says that there is too much to do.
inline constexpr int kBusy = -32000;
std::string error_line(json::Value id, int code, std::string message);

/// The bytes that a request counts for while it is under way.
class Share {
 public:
  Share(std::size_t& total, std::size_t bytes) : total_(&total), bytes_(bytes) { *total_ += bytes; }
  Share(Share&& other) noexcept : total_(other.total_), bytes_(std::exchange(other.bytes_, 0)) {}
  Share& operator=(Share&&) = delete;
  ~Share() { *total_ -= bytes_; }
  void grow_to(std::size_t bytes) {
    *total_ += bytes;
    *total_ -= std::exchange(bytes_, bytes);
  }

 private:
  std::size_t* total_;
  std::size_t bytes_;
};

class LineServer::Core : public std::enable_shared_from_this<LineServer::Core> {
 public:
  Core(Executor executor, os::UniqueFd listening, Options options, Handler handler);

  Task<void> accept_all();
  void accept_some(bool& full);
  bool admit(int raw);
  bool make_room();
  void forget(const std::shared_ptr<Connection>& connection);
  void stop_reading();
  void drop_all();
  static Task<void> run(std::shared_ptr<Core> core, std::shared_ptr<Connection> connection);

  Executor executor;
  Options options;
  Handler handler;
  boost::asio::posix::stream_descriptor acceptor;
  std::list<std::shared_ptr<Connection>> connections;
  async::Scope running;
  std::size_t received = 0;
  std::size_t in_flight = 0;
  bool closing = false;
  async::Event empty;  // notified when the last connection is gone
};

class LineServer::Connection : public std::enable_shared_from_this<LineServer::Connection> {
 public:
  Connection(std::shared_ptr<Core> server, std::shared_ptr<Client> who, os::UniqueFd in,
             os::UniqueFd out)
      : core_(std::move(server)),
        client_(std::move(who)),
        fd_(in.get()),
        in_(core_->executor, std::move(in)),
        out_(core_->executor, std::move(out)),
        lines_(core_->options.max_line),
        places_(core_->options.max_in_flight),
        work_(core_->executor),
        pending_(core_->received, 0),
        since_(std::chrono::steady_clock::now()) {}

  Task<void> run();
  void stop_reading() {
    if (in_.is_open()) {
      ::shutdown(fd_, SHUT_RD);
    }
  }
  void drop() {
    dropped_ = true;
    in_.close();
    out_.close();
  }
  bool is_idle() const { return in_flight_ == 0 && lines_.pending() == 0 && waiting_.empty(); }
  SteadyTime since() const { return since_; }

 private:
  Task<bool> read_more();
  Task<bool> take_lines();
  Task<void> take(std::string line);
  static Task<void> answer(std::shared_ptr<Connection> self, jsonrpc::Request request, Share share,
                           async::Semaphore::Permit place);
  Task<Result<json::Value>> call(jsonrpc::Request request);
  void send(std::string line);
  static Task<void> flush(std::shared_ptr<Connection> self);

  std::shared_ptr<Core> core_;
  std::shared_ptr<Client> client_;
  int fd_;
  async::ReadPipe in_;
  async::WritePipe out_;
  LineBuffer lines_;
  async::Semaphore places_;
  async::Scope work_;
  Share pending_;
  std::deque<std::string> waiting_;
  std::size_t unread_ = 0;
  std::size_t in_flight_ = 0;
  bool flushing_ = false;
  bool dropped_ = false;
  bool has_spoken_ = false;
  SteadyTime since_;  // of the last message, or of the first byte of a line under way
};

}  // namespace oap::api
