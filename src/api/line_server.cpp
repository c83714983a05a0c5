#include "api/line_server.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <list>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/socket.h>

#include "api/line_buffer.hpp"
#include "async/bug.hpp"
#include "async/deadline.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "async/sleep.hpp"
#include "async/stream.hpp"
#include "base/log.hpp"

namespace oap::api {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kRead = 64U << 10U;
constexpr int kAcceptsInARow = 64;
constexpr Millis kPause{20};
constexpr int kBusy = -32000;

std::string error_line(json::Value id, int code, std::string message) {
  return jsonrpc::print(jsonrpc::Response::failure(std::move(id), code, std::move(message))) + "\n";
}

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

}  // namespace

class LineServer::Core : public std::enable_shared_from_this<LineServer::Core> {
 public:
  Core(Executor executor, os::UniqueFd listening, Options options, Handler handler);

  Task<void> accept_all();
  void accept_some(bool& full);
  bool admit(int raw);
  bool make_room();
  void stop_reading();
  void drop_all();
  static Task<void> run(std::shared_ptr<Core> core, std::shared_ptr<Connection> connection);

  Executor executor;
  Options options;
  Handler handler;
  asio::posix::stream_descriptor acceptor;
  std::list<std::shared_ptr<Connection>> connections;
  async::Scope running;
  std::size_t received = 0;
  std::size_t in_flight = 0;
  bool closing = false;
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

Task<bool> LineServer::Connection::read_more() {
  Result<std::string> bytes = std::string();
  auto reading = in_.read_some(kRead);
  if (has_spoken_ && lines_.pending() == 0) {
    bytes = co_await std::move(reading);
  } else {
    const Millis allowed = has_spoken_ ? core_->options.whole_line : core_->options.first_line;
    const Deadline deadline = Deadline::at(since_ + allowed);
    bytes = co_await async::with_deadline(deadline, std::move(reading), "a line");
  }
  if (!bytes || bytes->empty()) {
    co_return false;
  }
  if (lines_.pending() == 0) {
    since_ = std::chrono::steady_clock::now();
  }
  lines_.push(*bytes);
  co_return true;
}

Task<bool> LineServer::Connection::take_lines() {
  while (!dropped_) {
    auto line = lines_.next();
    if (!line) {
      send(error_line(nullptr, jsonrpc::kInvalidRequest, line.error().message()));
      co_return false;
    }
    if (!*line) {
      break;
    }
    co_await take(**std::move(line));
    since_ = std::chrono::steady_clock::now();
  }
  pending_.grow_to(lines_.pending());
  if (core_->received > core_->options.max_received) {
    send(error_line(nullptr, kBusy, "the daemon has too much to read; try again"));
    co_return false;
  }
  co_return !dropped_;
}

Task<void> LineServer::Connection::take(std::string line) {
  if (line.find_first_not_of(" \t") == std::string::npos) {
    co_return;
  }
  if (core_->received + line.size() > core_->options.max_received) {
    send(error_line(nullptr, kBusy, "the daemon has too much to do; try again"));
    drop();
    co_return;
  }
  Share share(core_->received, line.size());
  auto message = jsonrpc::decode(line);
  line = std::string();
  if (!message) {
    if (!message.error().response) {
      send(error_line(message.error().id, message.error().code, message.error().message));
    }
    co_return;
  }
  has_spoken_ = true;
  if (!std::holds_alternative<jsonrpc::Request>(*message)) {
    co_return;
  }
  auto place = places_.try_acquire();
  if (!place) {
    const Deadline never = Deadline::never();
    auto waited = co_await places_.acquire(never);
    if (!waited) {
      co_return;
    }
    place = *std::move(waited);
  }
  work_.spawn(answer(shared_from_this(), std::get<jsonrpc::Request>(*std::move(message)),
                     std::move(share), *std::move(place)));
}

Task<Result<json::Value>> LineServer::Connection::call(jsonrpc::Request request) {
  try {
    auto work = core_->handler(client_, std::move(request));
    const Deadline deadline = Deadline::after(core_->options.request);
    Result<json::Value> answer =
        co_await async::with_deadline(deadline, std::move(work), "the answer");
    co_return answer;
  } catch (const std::exception& error) {
    async::report_bug("a request ended with an exception", std::current_exception());
    co_return fail(Code::kInternal, "unexpected exception: {}", error.what());
  }
}

Task<void> LineServer::Connection::answer(std::shared_ptr<Connection> self,
                                          jsonrpc::Request request, Share /*share*/,
                                          async::Semaphore::Permit /*place*/) {
  const json::Value id = request.id;
  const bool is_notification = request.is_notification;
  ++self->in_flight_;
  ++self->core_->in_flight;
  Result<json::Value> result = co_await self->call(std::move(request));
  --self->in_flight_;
  --self->core_->in_flight;
  if (is_notification || self->dropped_) {
    co_return;
  }
  self->send(result
                 ? jsonrpc::print(jsonrpc::Response::success(id, *std::move(result))) + "\n"
                 : error_line(id, jsonrpc_code(result.error().code()), result.error().to_string()));
}

void LineServer::Connection::send(std::string line) {
  if (dropped_) {
    return;
  }
  if (!flushing_) {
    line.erase(0, out_.try_write(line));
    if (line.empty()) {
      return;
    }
  }
  unread_ += line.size();
  waiting_.push_back(std::move(line));
  if (unread_ > core_->options.max_unread) {
    log::warn("serve", "a client does not read its answers; its connection is ended",
              {{"pid", std::to_string(client_->pid)}});
    drop();
    return;
  }
  if (!std::exchange(flushing_, true)) {
    work_.spawn(flush(shared_from_this()));
  }
}

Task<void> LineServer::Connection::flush(std::shared_ptr<Connection> self) {
  while (!self->waiting_.empty() && !self->dropped_) {
    std::string line = std::move(self->waiting_.front());
    self->waiting_.pop_front();
    const std::size_t size = line.size();
    auto writing = self->out_.write_all(std::move(line));
    const Deadline deadline = Deadline::after(self->core_->options.write);
    const auto written = co_await async::with_deadline(deadline, std::move(writing), "the answer");
    self->unread_ -= size;
    if (!written) {
      self->drop();
    }
  }
  self->flushing_ = false;
}

Task<void> LineServer::Connection::run() {
  bool more = true;
  while (more && !dropped_) {
    more = co_await read_more();
    if (more) {
      more = co_await take_lines();
    }
  }
  co_await work_.join();
  drop();
}

LineServer::Core::Core(Executor given, os::UniqueFd listening, Options limits, Handler answers)
    : executor(given),
      options(limits),
      handler(std::move(answers)),
      acceptor(given, listening.release()),
      running(given) {}

Task<void> LineServer::Core::accept_all() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (acceptor.is_open() && !closing) {
    const auto [error] =
        co_await acceptor.async_wait(asio::posix::descriptor_base::wait_read, token);
    if (error || closing) {
      co_return;
    }
    bool full = false;
    accept_some(full);
    if (full) {
      co_await async::sleep_for(kPause);
    }
  }
}

void LineServer::Core::accept_some(bool& full) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    const int raw =
        ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (raw >= 0) {
      if (!admit(raw)) {
        full = true;
        return;
      }
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      full = !make_room();
      return;
    }
    if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

bool LineServer::Core::admit(int raw) {
  os::UniqueFd in(raw);
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(raw, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
      (who.uid != options.uid && who.uid != 0)) {
    log::warn("serve", "another user's process was turned away",
              {{"uid", std::to_string(who.uid)}, {"pid", std::to_string(who.pid)}});
    return true;
  }
  if (connections.size() >= options.max_connections && !make_room()) {
    const std::string line = error_line(nullptr, kBusy, "the daemon has too many connections");
    [[maybe_unused]] const ssize_t told = ::send(raw, line.data(), line.size(), MSG_NOSIGNAL);
    return false;
  }
  os::UniqueFd out(::fcntl(raw, F_DUPFD_CLOEXEC, 3));
  if (!out) {
    return false;
  }
  auto client = std::make_shared<Client>();
  client->pid = who.pid;
  client->uid = who.uid;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(client),
                                                 std::move(in), std::move(out));
  connections.push_back(connection);
  running.spawn(run(shared_from_this(), std::move(connection)));
  return true;
}

Task<void> LineServer::Core::run(std::shared_ptr<Core> core,
                                 std::shared_ptr<Connection> connection) {
  co_await connection->run();
  std::erase(core->connections, connection);
}

bool LineServer::Core::make_room() {
  std::shared_ptr<Connection> longest;
  for (const auto& each : connections) {
    if (each->is_idle() && (!longest || each->since() < longest->since())) {
      longest = each;
    }
  }
  if (!longest) {
    return false;
  }
  longest->drop();
  std::erase(connections, longest);
  return true;
}

void LineServer::Core::stop_reading() {
  closing = true;
  boost::system::error_code ignored;
  acceptor.close(ignored);
  for (const auto& each : connections) {
    each->stop_reading();
  }
}

void LineServer::Core::drop_all() {
  stop_reading();
  running.cancel();
  const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
  for (const auto& each : all) {
    each->drop();
  }
}

namespace {

template <class Core>
Task<void> serve_until_closed(std::shared_ptr<Core> core) {
  co_await core->accept_all();
  if (!core->closing) {
    core->drop_all();
  }
  co_await core->running.join();
}

template <class Core>
Task<Result<void>> joined(std::shared_ptr<Core> core) {
  while (!core->connections.empty()) {
    OAP_CO_CHECK_OK(co_await async::sleep_for(Millis(5)));
  }
  co_return Result<void>();
}

template <class Core>
Task<void> wind_down(std::shared_ptr<Core> core, Deadline grace) {
  core->stop_reading();
  auto waiting = joined(core);
  const auto ended = co_await async::with_deadline(grace, std::move(waiting), "the last answer");
  if (!ended) {
    core->drop_all();
  }
}

}  // namespace

LineServer::LineServer(Executor executor, os::UniqueFd listening, Options options, Handler handler)
    : core_(std::make_shared<Core>(std::move(executor), std::move(listening), options,
                                   std::move(handler))) {}
LineServer::~LineServer() { core_->drop_all(); }

Task<void> LineServer::serve() { return serve_until_closed(core_); }
Task<void> LineServer::close(Deadline grace) { return wind_down(core_, grace); }
void LineServer::drop() { core_->drop_all(); }
std::size_t LineServer::connections() const { return core_->connections.size(); }
std::size_t LineServer::in_flight() const { return core_->in_flight; }

}  // namespace oap::api
