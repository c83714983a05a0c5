#include "async/handover.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "async/runtime.hpp"

namespace oap::async {
namespace {

TEST(Handover, AValueThatIsThereIsTakenWithoutWaiting) {
  const Handover<int> handover;
  handover.give(7);
  Runtime runtime;
  EXPECT_EQ(runtime.run(handover.take()), 7);
}

TEST(Handover, AnotherThreadMayGiveItWhileItIsWaitedFor) {
  Runtime runtime;
  for (int i = 0; i < 200; ++i) {
    const Handover<std::string> handover;
    std::thread other([handover, i] { handover.give(std::to_string(i)); });
    EXPECT_EQ(runtime.run(handover.take()), std::to_string(i));
    other.join();
  }
}

}  // namespace
}  // namespace oap::async
