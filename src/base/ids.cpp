#include "base/ids.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include <sys/random.h>

namespace oap {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

constexpr std::size_t kStock = 24;  ///< of 10 bytes: what getrandom never gives in part

struct UlidState {
  std::mutex mutex;
  std::uint64_t millis = 0;
  std::array<std::uint8_t, 10> random{};
  std::array<std::array<std::uint8_t, 10>, kStock> stock{};
  std::size_t left = 0;

  std::array<std::uint8_t, 10> draw() {
    if (left == 0) {
      if (getrandom(stock.data(), sizeof(stock), 0) != static_cast<ssize_t>(sizeof(stock))) {
        std::abort();
      }
      left = kStock;
    }
    return stock[--left];
  }
};

void increment(std::array<std::uint8_t, 10>& bytes) {
  for (auto it = bytes.rbegin(); it != bytes.rend(); ++it) {
    if (++*it != 0) {
      return;
    }
  }
}

}  // namespace

std::string new_id(std::string_view prefix) {
  static UlidState state;
  const auto now =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
  std::uint64_t millis = 0;
  std::array<std::uint8_t, 10> random{};
  {
    const std::lock_guard lock(state.mutex);
    if (now > state.millis) {
      state.millis = now;
      state.random = state.draw();
      state.random[0] &= 0x7f;
    } else {
      increment(state.random);
    }
    millis = state.millis;
    random = state.random;
  }
  std::string id;
  id.reserve(prefix.size() + 26);
  id += prefix;
  for (int shift = 45; shift >= 0; shift -= 5) {
    id += kAlphabet[(millis >> shift) & 31U];
  }
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const std::uint8_t byte : random) {
    buffer = (buffer << 8U) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      id += kAlphabet[(buffer >> static_cast<unsigned>(bits)) & 31U];
    }
  }
  return id;
}

}  // namespace oap
