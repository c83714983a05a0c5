#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "async/event.hpp"
#include "async/stream.hpp"
#include "async/task.hpp"
#include "base/result.hpp"

namespace oap::mcp {

/// Messages on their way into a pipe, written in order by one coroutine, so that whoever sends need
/// not wait and no message is ever cut by a cancelled sender. Belongs to the executor's thread.
class Outbox {
 public:
  /// `peer` is named in errors.
  Outbox(Executor executor, std::string peer, std::size_t max_queued_bytes);

  /// Takes one message without its line end, and writes it at once where nothing waits before it
  /// and the pipe has room. kResourceExhausted where too much waits already, kUnavailable after
  /// finish() or a failed write.
  Result<void> push(std::string message);
  /// No more messages; run() ends when all is written.
  void finish();
  /// Whether push() takes anything yet.
  bool finished() const { return finished_; }
  std::size_t queued_bytes() const { return queued_bytes_; }

  /// Writes until finish() or a failure, which it returns. Run it once, beside the senders.
  Task<Result<void>> run(async::WritePipe& pipe);

 private:
  std::string take_all();
  std::size_t write_now(std::string_view text);

  std::string peer_;
  std::size_t max_queued_bytes_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t written_ = 0;                ///< of the first in the queue
  async::WritePipe* idle_pipe_ = nullptr;  ///< there while run() has nothing to write
  bool finished_ = false;
  async::Event changed_;
};

}  // namespace oap::mcp
