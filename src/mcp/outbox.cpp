#include "mcp/outbox.hpp"

#include <utility>

namespace oap::mcp {

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
  queued_bytes_ += message.size();
  queue_.push_back(std::move(message));
  changed_.notify();
  return {};
}

void Outbox::finish() {
  finished_ = true;
  changed_.notify();
}

std::string Outbox::take_all() {
  constexpr std::size_t kEnough = 256 * 1024;
  std::string text;
  while (!queue_.empty() && text.size() < kEnough) {
    if (text.empty()) {
      text = std::move(queue_.front());
    } else {
      text += queue_.front();
    }
    text += '\n';
    queue_.pop_front();
  }
  return text;
}

Task<Result<void>> Outbox::run(async::WritePipe& pipe) {
  const Deadline never = Deadline::never();
  while (true) {
    std::string text = take_all();
    if (!text.empty()) {
      const std::size_t size = text.size();
      auto written = co_await pipe.write_all(std::move(text));
      queued_bytes_ = size > queued_bytes_ || queue_.empty() ? 0 : queued_bytes_ - size;
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
    if (co_await changed_.wait(never) == async::Event::Wake::kCancelled) {
      finished_ = true;
      co_return fail(Code::kCancelled, "writing to '{}' was cancelled", peer_);
    }
  }
}

}  // namespace oap::mcp
