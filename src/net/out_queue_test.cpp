#include "net/out_queue.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace oap::net {
namespace {

std::string gathered(const OutQueue& queue, std::size_t places) {
  std::vector<iovec> space(places);
  const std::size_t used = queue.gather(space);
  std::string all;
  for (std::size_t i = 0; i < used; ++i) {
    all.append(static_cast<const char*>(space[i].iov_base), space[i].iov_len);
  }
  return all;
}

TEST(OutQueue, KeepsTheOrderHoweverItIsTaken) {
  for (const std::size_t step : {1U, 7U, 5000U, 100'000U}) {
    OutQueue queue;
    std::string expected;
    for (int i = 0; i < 30; ++i) {
      const std::string piece(static_cast<std::size_t>(i * i * 13 % 9000),
                              static_cast<char>('a' + i % 26));
      expected += piece;
      queue.push(piece);
    }
    std::string sent;
    while (!queue.empty()) {
      const std::string next = gathered(queue, 3);
      ASSERT_FALSE(next.empty());
      const std::size_t count = std::min(step, next.size());
      sent += next.substr(0, count);
      queue.consume(count);
    }
    EXPECT_EQ(sent, expected);
  }
}

TEST(OutQueue, PutsSmallPiecesTogetherAndLeavesLargeOnes) {
  OutQueue queue;
  std::string large(100'000, 'x');
  const char* place = large.data();
  queue.push("head");
  queue.push("more");
  queue.push(std::move(large));
  queue.push("tail");
  queue.push("");
  std::array<iovec, 8> space{};
  ASSERT_EQ(queue.gather(space), 3U);
  EXPECT_EQ(space[0].iov_len, 8U);
  EXPECT_EQ(space[1].iov_base, place);
  EXPECT_EQ(queue.size(), 100'012U);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.gather(space), 0U);
}

}  // namespace
}  // namespace oap::net
