#include "mcp/outbox.hpp"

#include <array>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"

namespace oap::mcp {
namespace {

struct Link {
  async::Runtime runtime;
  std::array<int, 2> fds = make_pipe();
  async::WritePipe in{runtime.executor(), os::UniqueFd(fds[1])};
  async::ReadPipe out{runtime.executor(), os::UniqueFd(fds[0])};
  Outbox outbox{runtime.executor(), "peer", 8U << 20U};
  async::Scope scope{runtime.executor()};
  std::string got;

  static std::array<int, 2> make_pipe() {
    std::array<int, 2> made{};
    EXPECT_EQ(::pipe2(made.data(), O_CLOEXEC), 0);
    return made;
  }
  static Task<void> pump(Link& link) {
    (void)co_await link.outbox.run(link.in);
    link.in.close();
  }
  static Task<void> start(Link& link) {
    link.scope.spawn(pump(link));
    co_return;
  }
  static Task<void> read_to_end(Link& link) {
    while (true) {
      const auto chunk = co_await link.out.read_some(64U << 10U);
      if (!chunk || chunk->empty()) {
        co_return;
      }
      link.got += *chunk;
    }
  }
};

TEST(OutboxTest, WritesAtOnceWhereNothingWaits) {
  Link link;
  link.runtime.run(Link::start(link));
  ASSERT_TRUE(link.outbox.push("one"));
  ASSERT_EQ(link.outbox.queued_bytes(), 0U);
  std::array<char, 8> bytes{};
  EXPECT_EQ(::read(link.fds[0], bytes.data(), bytes.size()), 4);
  EXPECT_EQ(std::string(bytes.data()), "one\n");
  link.outbox.finish();
  link.runtime.run(link.scope.join());
}

TEST(OutboxTest, WaitsForRunAndAfterwardsKeepsTheOrder) {
  Link link;
  ASSERT_TRUE(link.outbox.push("first"));
  EXPECT_EQ(link.outbox.queued_bytes(), 6U);
  link.scope.spawn(Link::pump(link));
  ASSERT_TRUE(link.outbox.push("second"));
  link.outbox.finish();
  EXPECT_FALSE(link.outbox.push("late"));
  link.scope.spawn(Link::read_to_end(link));
  link.runtime.run(link.scope.join());
  EXPECT_EQ(link.got, "first\nsecond\n");
}

TEST(OutboxTest, AMessageThatThePipeTakesInPartsStaysWhole) {
  Link link;
  link.runtime.run(Link::start(link));
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string message(30'000 + static_cast<std::size_t>(i),
                              static_cast<char>('a' + i % 26));
    ASSERT_TRUE(link.outbox.push(message));
    expected += message + "\n";
  }
  const std::string large(3U << 20U, 'z');
  ASSERT_TRUE(link.outbox.push(large));
  expected += large + "\n";
  link.outbox.finish();
  link.scope.spawn(Link::read_to_end(link));
  link.runtime.run(link.scope.join());
  EXPECT_TRUE(link.got == expected);
}

TEST(OutboxTest, AReaderThatIsGoneEndsRun) {
  Link link;
  link.out.close();
  link.scope.spawn(Link::pump(link));
  ASSERT_TRUE(link.outbox.push("nobody reads this"));
  link.runtime.run(link.scope.join());
  EXPECT_TRUE(link.outbox.finished());
}

}  // namespace
}  // namespace oap::mcp
