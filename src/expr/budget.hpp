#pragma once

#include <cstdint>

namespace oap::expr {

/// What one evaluation may cost at most.
struct Limits {
  std::uint64_t steps = 1'000'000;      ///< nodes evaluated, items looked at, 16 bytes of text read
  std::uint64_t memory = 16ULL << 20U;  ///< bytes made, not counting what is freed again
};

/// The cost left to one evaluation. Once something could not be paid it stays exhausted. Not
/// thread-safe.
class Budget {
 public:
  explicit Budget(const Limits& limits) : steps_(limits.steps), memory_(limits.memory) {}

  bool spend(std::uint64_t steps) { return take(steps_, steps); }
  bool allocate(std::uint64_t bytes) { return take(memory_, bytes) && spend(bytes / 16); }
  /// Reading a text of this many bytes.
  bool read(std::uint64_t bytes) { return spend(bytes / 16); }
  bool exhausted() const { return exhausted_; }

 private:
  bool take(std::uint64_t& from, std::uint64_t amount) {
    if (amount > from || exhausted_) {
      exhausted_ = true;
      return false;
    }
    from -= amount;
    return true;
  }

  std::uint64_t steps_;
  std::uint64_t memory_;
  bool exhausted_ = false;
};

}  // namespace oap::expr
