#include "api/line_server.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>

#include "api/line_core.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"

namespace oap::api {

namespace asio = boost::asio;

namespace {

constexpr int kAcceptsInARow = 64;
constexpr Millis kPause{20};

}  // namespace

LineServer::Core::Core(Executor given, os::UniqueFd listening, Options limits, Handler answers)
    : executor(given),
      options(limits),
      handler(std::move(answers)),
      acceptor(given, listening.release()),
      running(given),
      empty(given) {}

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
  core->forget(connection);
}

void LineServer::Core::forget(const std::shared_ptr<Connection>& connection) {
  std::erase(connections, connection);
  if (connections.empty()) {
    empty.notify();
  }
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
  forget(longest);
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
Task<void> wind_down(std::shared_ptr<Core> core, Deadline grace) {
  core->stop_reading();
  auto ended = async::Event::Wake::kNotified;
  while (!core->connections.empty() && ended == async::Event::Wake::kNotified) {
    core->empty.reset();
    ended = co_await core->empty.wait(grace);
  }
  if (ended != async::Event::Wake::kNotified) {
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
