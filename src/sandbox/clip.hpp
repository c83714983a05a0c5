#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace oap::sandbox {

/// Keeps the head and the tail of a stream and counts what lies between. Memory stays below about
/// one and a half times the limit. Cuts never split a UTF-8 character.
class Clip {
 public:
  explicit Clip(std::size_t max_bytes);

  void add(std::string_view bytes);
  bool clipped() const { return total_ > max_bytes_; }
  /// All, or head, "\n[… N bytes left out …]\n", tail. Leaves the clip empty.
  std::string take();

 private:
  std::size_t max_bytes_;
  std::size_t head_room_;
  std::string head_;
  std::string tail_;
  std::uint64_t total_ = 0;
};

}  // namespace oap::sandbox
