#include "api/line_buffer.hpp"

namespace oap::api {

Result<std::optional<std::string>> LineBuffer::next() {
  const std::size_t end = buffer_.find('\n', scanned_);
  const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - start_;
  if (length > max_line_) {
    return fail(Code::kResourceExhausted, "a line has more than {} bytes", max_line_);
  }
  if (end == std::string::npos) {
    compact();
    scanned_ = buffer_.size();
    return std::optional<std::string>();
  }
  std::string line = buffer_.substr(start_, length);
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  start_ = end + 1;
  scanned_ = start_;
  return std::optional(std::move(line));
}

void LineBuffer::compact() {
  constexpr std::size_t kLarge = 1U << 20U;
  if (start_ == buffer_.size() && buffer_.capacity() > kLarge) {
    buffer_ = std::string();
  } else {
    buffer_.erase(0, start_);
  }
  start_ = 0;
}

}  // namespace oap::api
