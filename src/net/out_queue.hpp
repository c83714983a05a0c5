#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace oap::net {

/// Bytes that wait to be sent, in order. Small pieces are put together, large ones are kept as they
/// came, never copied. Empty it holds next to no memory. Not thread-safe.
class OutQueue {
 public:
  void push(std::string bytes);
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Points `places` at the first pieces; how many it used. Valid until the next change.
  std::size_t gather(std::span<iovec> places) const;
  /// Drops that many bytes from the front, at most `size()`.
  void consume(std::size_t bytes);
  void clear();

 private:
  std::vector<std::string> pieces_;
  std::size_t first_ = 0;   ///< pieces before it are sent
  std::size_t offset_ = 0;  ///< bytes of the first piece that are sent
  std::size_t size_ = 0;
};

}  // namespace oap::net
