#include "audit/at_once.hpp"

#include <atomic>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace oap::audit {
namespace {

TEST(AtOnceTest, EachNumberIsWorkedOnOnceHoweverLongItTakes) {
  for (const std::size_t count : {0U, 1U, 2U, 500U}) {
    for (const auto length : {std::chrono::milliseconds(0), std::chrono::milliseconds(60)}) {
      std::vector<std::atomic<int>> calls(count);
      const auto end = std::chrono::steady_clock::now() + length;
      at_once(count, [&calls, end](std::size_t i) {
        while (std::chrono::steady_clock::now() < end) {
          ++calls[i];
        }
        calls[i] = calls[i] < 0 ? calls[i] - 1 : -1;
      });
      for (const auto& number : calls) {
        EXPECT_EQ(number, -1);
      }
    }
  }
}

}  // namespace
}  // namespace oap::audit
