#include "net/out_queue.hpp"

#include <utility>

namespace oap::net {
namespace {

constexpr std::size_t kSmall = 4096;
constexpr std::size_t kTogether = 16384;
constexpr std::size_t kKeptPieces = 4;

bool takes(const std::string& piece, std::size_t more) {
  return more <= kSmall &&
         (piece.size() + more <= kTogether || piece.capacity() - piece.size() >= more);
}

}  // namespace

void OutQueue::push(std::string bytes) {
  if (bytes.empty()) {
    return;
  }
  size_ += bytes.size();
  if (!pieces_.empty() && takes(pieces_.back(), bytes.size())) {
    pieces_.back() += bytes;
  } else {
    pieces_.push_back(std::move(bytes));
  }
}

std::size_t OutQueue::gather(std::span<iovec> places) const {
  std::size_t used = 0;
  std::size_t skip = offset_;
  for (std::size_t i = first_; i < pieces_.size() && used < places.size(); ++i) {
    const std::string& piece = pieces_[i];
    places[used].iov_base = const_cast<char*>(piece.data() + skip);
    places[used].iov_len = piece.size() - skip;
    ++used;
    skip = 0;
  }
  return used;
}

void OutQueue::consume(std::size_t bytes) {
  size_ -= bytes;
  if (size_ == 0) {
    clear();
    return;
  }
  offset_ += bytes;
  while (offset_ >= pieces_[first_].size()) {
    offset_ -= pieces_[first_].size();
    std::string().swap(pieces_[first_]);
    ++first_;
  }
  if (first_ > pieces_.size() / 2) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void OutQueue::clear() {
  pieces_.clear();
  if (pieces_.capacity() > kKeptPieces) {
    std::vector<std::string>().swap(pieces_);
  }
  first_ = 0;
  offset_ = 0;
  size_ = 0;
}

}  // namespace oap::net
