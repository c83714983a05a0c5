#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::cli {

/// What a walk met.
struct ScanCount {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t binary = 0;             ///< skipped: a NUL byte among the first
  std::vector<std::string> unreadable;  ///< path and reason
};

/// What is done with a text: its pieces in order, then the end.
class ScanSink {
 public:
  virtual ~ScanSink() = default;
  /// Whether a NUL byte among the first makes it no text; `head` are its first bytes.
  virtual bool skips_binary(const std::string& path, std::string_view head) {
    (void)path;
    (void)head;
    return true;
  }
  virtual void begin(const std::string& path) = 0;
  virtual void piece(std::string_view bytes) = 0;
  virtual void end() = 0;
};

/// Feeds every file below `path` (or `path` itself, or standard input for "-") to the sink, in the
/// order of their names. Ignore files mean nothing here; symbolic links below `path` are not
/// followed; devices, sockets and pipes are left alone. Memory does not grow with the files.
/// kNotFound where there is no such path. `wanted` may leave files out by their path.
Result<ScanCount> walk_files(const std::string& path, ScanSink& sink,
                             const std::function<bool(const std::string&)>& wanted = {});

/// Where lines begin in a text that comes in pieces; forgets what lies behind.
class LineCounter {
 public:
  void add(std::string_view piece);
  /// The line, from 1, of a byte that is not before the last forgotten one.
  std::uint64_t line_of(std::size_t place) const;
  void forget(std::size_t before);

 private:
  std::vector<std::size_t> newlines_;
  std::uint64_t gone_ = 0;
  std::size_t size_ = 0;
};

}  // namespace oap::cli
