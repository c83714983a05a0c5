#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "os/fd.hpp"

namespace oap::async {

/// The reading end of a pipe, terminal or file. Owns the descriptor; belongs to the executor's
/// thread; one read at a time. The descriptor becomes non-blocking when first used.
class ReadPipe {
 public:
  ReadPipe(Executor executor, os::UniqueFd fd);
  ~ReadPipe();
  ReadPipe(ReadPipe&&) noexcept;
  ReadPipe& operator=(ReadPipe&&) noexcept;

  /// Waits for some bytes, at most `max`; "" is the end. kCancelled, kUnavailable.
  Task<Result<std::string>> read_some(std::size_t max);
  /// Ends a pending read with kUnavailable; later reads too.
  void close();
  bool is_open() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// The writing end. As above; one write at a time. SIGPIPE is ignored process-wide from here on.
class WritePipe {
 public:
  WritePipe(Executor executor, os::UniqueFd fd);
  ~WritePipe();
  WritePipe(WritePipe&&) noexcept;
  WritePipe& operator=(WritePipe&&) noexcept;

  /// Writes all or fails; what was written before a failure is not known. kUnavailable "the reader
  /// has closed its end", kCancelled.
  Task<Result<void>> write_all(std::string bytes);
  /// Writes what the pipe takes without waiting; how many bytes that were. 0 on any error, which
  /// write_all() then meets as well. Not while a write_all() is under way.
  std::size_t try_write(std::string_view bytes);
  /// The reader then sees the end.
  void close();
  bool is_open() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// Lines of a pipe that outlives it, without their "\n" or "\r\n". The last one may lack its end.
class LineReader {
 public:
  explicit LineReader(ReadPipe& pipe, std::size_t max_line = 16u << 20);

  /// Nothing at the end. A line of more than max_line bytes is kResourceExhausted once and skipped;
  /// the next call reads the line after it. Memory stays below max_line plus one read. Cancelling
  /// loses nothing: the next call goes on where this one was.
  Task<Result<std::optional<std::string>>> next();

 private:
  std::optional<std::string> take_line();
  ReadPipe& pipe_;
  std::size_t max_line_;
  std::string buffer_;
  std::size_t start_ = 0;    ///< first byte of the line under way
  std::size_t scanned_ = 0;  ///< up to here there is no line end
  bool skipping_ = false;
  bool ended_ = false;
};

}  // namespace oap::async
