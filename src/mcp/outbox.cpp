#include "mcp/outbox.hpp"

#include <utility>

namespace oap::mcp {
namespace {

constexpr std::size_t kEnough = 256 * 1024;  ///< bytes of one write

}  // namespace

Outbox::Outbox(Executor executor, std::string peer, std::size_t max_queued_bytes)
    : peer_(std::move(peer)), max_queued_bytes_(max_queued_bytes), changed_(std::move(executor)) {}

Result<void> Outbox::push(std::string message) {
  if (finished_) {
    return fail(Code::kUnavailable, "'{}' takes no more messages", peer_);
  }
  if (queued_bytes_ > 0 && queued_bytes_ + message.size() > max_queued_bytes_) {
    return fail(Code::kResourceExhausted,
                "'{}' does not read its input: {} bytes are waiting already", peer_, queued_bytes_);
  }
  message += '\n';
  const std::size_t written = write_now(message);
  if (written == message.size()) {
    return {};
  }
  written_ = queue_.empty() ? written : written_;
  queued_bytes_ += message.size();
  queue_.push_back(std::move(message));
  changed_.notify();
  return {};
}

std::size_t Outbox::write_now(std::string_view text) {
  const bool may = idle_pipe_ != nullptr && queue_.empty() && text.size() <= kEnough;
  return may ? idle_pipe_->try_write(text) : 0;
}

void Outbox::finish() {
  finished_ = true;
  changed_.notify();
}

std::string Outbox::take_all() {
  std::string text;
  while (!queue_.empty() && text.size() < kEnough) {
    std::string message = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= message.size();
    message.erase(0, std::exchange(written_, 0));
    if (text.empty()) {
      text = std::move(message);
    } else {
      text += message;
    }
  }
  return text;
}

Task<Result<void>> Outbox::run(async::WritePipe& pipe) {
  const Deadline never = Deadline::never();
  while (true) {
    std::string text = take_all();
    if (!text.empty()) {
      auto written = co_await pipe.write_all(std::move(text));
      if (!written) {
        finished_ = true;
        co_return written;
      }
      continue;
    }
    if (finished_) {
      co_return Result<void>();
    }
    changed_.reset();
    idle_pipe_ = &pipe;
    const async::Event::Wake wake = co_await changed_.wait(never);
    idle_pipe_ = nullptr;
    if (wake == async::Event::Wake::kCancelled) {
      finished_ = true;
      co_return fail(Code::kCancelled, "writing to '{}' was cancelled", peer_);
    }
  }
}

}  // namespace oap::mcp
