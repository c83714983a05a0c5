#include "async/stream.hpp"

#include <algorithm>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <signal.h>

#include "async/event.hpp"

namespace oap::async {

namespace asio = boost::asio;

namespace {

Error stream_error(std::string_view what, const boost::system::error_code& error) {
  if (error == asio::error::broken_pipe) {
    return Error(Code::kUnavailable, "the reader has closed its end of the pipe");
  }
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return Error(Code::kUnavailable, fmt::format("{}: the pipe is closed", what));
  }
  return Error(Code::kUnavailable, fmt::format("{}: {}", what, error.message()));
}

}  // namespace

struct ReadPipe::Stream {
  explicit Stream(Executor executor) : descriptor(std::move(executor)) {}
  asio::posix::stream_descriptor descriptor;
  /// What is read goes here first; shared with a read that the pipe may not outlive.
  std::shared_ptr<std::string> space = std::make_shared<std::string>();
};

ReadPipe::ReadPipe(Executor executor, os::UniqueFd fd)
    : stream_(std::make_unique<Stream>(std::move(executor))) {
  boost::system::error_code ignored;
  if (fd) {
    stream_->descriptor.assign(fd.release(), ignored);
  }
}
ReadPipe::~ReadPipe() = default;
ReadPipe::ReadPipe(ReadPipe&&) noexcept = default;
ReadPipe& ReadPipe::operator=(ReadPipe&&) noexcept = default;

void ReadPipe::close() {
  boost::system::error_code ignored;
  stream_->descriptor.close(ignored);
}

bool ReadPipe::is_open() const { return stream_->descriptor.is_open(); }

Task<Result<std::string>> ReadPipe::read_some(std::size_t max) {
  if (co_await cancel_requested()) {
    co_return fail(Code::kCancelled, "the read was cancelled");
  }
  const std::size_t most = std::max<std::size_t>(max, 1);
  const std::shared_ptr<std::string> bytes = stream_->space;
  if (bytes->size() < most) {
    bytes->resize(most);
  }
  const auto space = asio::buffer(bytes->data(), most);
  const auto token = asio::as_tuple(asio::use_awaitable);
  const auto [error, count] = co_await stream_->descriptor.async_read_some(space, token);
  if (error == asio::error::eof) {
    co_return std::string();
  }
  if (error == asio::error::operation_aborted && co_await cancel_requested()) {
    co_return fail(Code::kCancelled, "the read was cancelled");
  }
  if (error) {
    co_return fail(stream_error("reading", error));
  }
  co_return bytes->substr(0, count);
}

struct WritePipe::Stream {
  explicit Stream(Executor executor) : descriptor(std::move(executor)) {}
  asio::posix::stream_descriptor descriptor;
};

WritePipe::WritePipe(Executor executor, os::UniqueFd fd)
    : stream_(std::make_unique<Stream>(std::move(executor))) {
  ::signal(SIGPIPE, SIG_IGN);
  boost::system::error_code ignored;
  if (fd) {
    stream_->descriptor.assign(fd.release(), ignored);
  }
}
WritePipe::~WritePipe() = default;
WritePipe::WritePipe(WritePipe&&) noexcept = default;
WritePipe& WritePipe::operator=(WritePipe&&) noexcept = default;

void WritePipe::close() {
  boost::system::error_code ignored;
  stream_->descriptor.close(ignored);
}

bool WritePipe::is_open() const { return stream_->descriptor.is_open(); }

std::size_t WritePipe::try_write(std::string_view bytes) {
  boost::system::error_code error;
  if (!stream_->descriptor.non_blocking()) {
    stream_->descriptor.non_blocking(true, error);
  }
  const std::size_t count =
      error ? 0 : stream_->descriptor.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  return error ? 0 : count;
}

Task<Result<void>> WritePipe::write_all(std::string bytes) {
  const auto token = asio::as_tuple(asio::use_awaitable);
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (co_await cancel_requested()) {
      co_return fail(Code::kCancelled, "the write was cancelled");
    }
    const auto rest = asio::buffer(bytes) + done;
    const auto [error, count] = co_await stream_->descriptor.async_write_some(rest, token);
    if (error == asio::error::operation_aborted && co_await cancel_requested()) {
      co_return fail(Code::kCancelled, "the write was cancelled");
    }
    if (error) {
      co_return fail(stream_error("writing", error));
    }
    done += count;
  }
  co_return Result<void>();
}

}  // namespace oap::async
