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

struct UlidState {
  std::mutex mutex;
  std::uint64_t millis = 0;
  std::array<std::uint8_t, 10> random{};
};

void fill_random(std::array<std::uint8_t, 10>& bytes) {
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
}

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
      fill_random(state.random);
      state.random[0] &= 0x7f;
    } else {
      increment(state.random);
    }
    millis = state.millis;
    random = state.random;
  }
  std::string id(prefix);
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
