#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::api {

/// Lines out of bytes that come in any pieces, cut at "\n"; a "\r" before it goes too. Pure.
class LineBuffer {
 public:
  explicit LineBuffer(std::size_t max_line) : max_line_(max_line) {}

  void push(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole line; nothing where there is none yet. kResourceExhausted where a line has, or
  /// is going to have, more than `max_line` bytes: the rest cannot be read then.
  Result<std::optional<std::string>> next();
  /// Bytes of a line that has no end yet.
  std::size_t pending() const { return buffer_.size() - start_; }

 private:
  void compact();

  std::size_t max_line_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t scanned_ = 0;
};

}  // namespace oap::api
