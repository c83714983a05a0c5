#include <exception>

#include "api/line_core.hpp"
#include "async/bug.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

namespace oap::api {
namespace {

constexpr std::size_t kRead = 64U << 10U;

}  // namespace

std::string error_line(json::Value id, int code, std::string message) {
  return jsonrpc::print(jsonrpc::Response::failure(std::move(id), code, std::move(message))) + "\n";
}

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

}  // namespace oap::api
