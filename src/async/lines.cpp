#include <utility>

#include "async/stream.hpp"

namespace oap::async {

LineReader::LineReader(ReadPipe& pipe, std::size_t max_line) : pipe_(pipe), max_line_(max_line) {}

std::optional<std::string> LineReader::take_line() {
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  std::string line = buffer_.substr(start_, end - start_);
  start_ = end + 1;
  scanned_ = start_;
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return line;
}

Task<Result<std::optional<std::string>>> LineReader::next() {
  constexpr std::size_t kPiece = 64u << 10;
  while (true) {
    std::optional<std::string> line = take_line();
    if (line && !skipping_ && line->size() <= max_line_) {
      co_return line;
    }
    if (line && !std::exchange(skipping_, false)) {
      co_return fail(Code::kResourceExhausted, "a line of more than {} bytes was skipped",
                     max_line_);
    }
    if (line) {
      continue;
    }
    buffer_.erase(0, start_);
    start_ = 0;
    scanned_ = buffer_.size();
    if (skipping_ || buffer_.size() > max_line_ + 1) {
      buffer_.clear();
      scanned_ = 0;
      if (!std::exchange(skipping_, true)) {
        co_return fail(Code::kResourceExhausted, "a line of more than {} bytes was skipped",
                       max_line_);
      }
    }
    if (ended_) {
      std::string rest = std::exchange(buffer_, std::string());
      scanned_ = 0;
      if (rest.empty()) {
        co_return std::optional<std::string>();
      }
      if (rest.size() > max_line_) {
        co_return fail(Code::kResourceExhausted, "a line of more than {} bytes was skipped",
                       max_line_);
      }
      co_return std::optional<std::string>(std::move(rest));
    }
    auto piece = co_await pipe_.read_some(kPiece);
    if (!piece) {
      co_return fail(std::move(piece).error());
    }
    ended_ = piece->empty();
    buffer_ += *piece;
  }
}

}  // namespace oap::async
