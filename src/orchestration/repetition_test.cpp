#include "orchestration/repetition.hpp"

#include <gtest/gtest.h>

namespace oap::orchestration {
namespace {

ToolUseBlock call(std::string path) {
  ToolUseBlock use;
  use.name = "write_file";
  use.arguments = json::Object{{"path", std::move(path)}};
  return use;
}

TEST(Repetition, TheSameFailureIsToldAndThenEnds) {
  Repetition repetition;
  for (int i = 1; i <= Repetition::kStopAfter; ++i) {
    ToolResultBlock answer{"c", "denied", true};
    EXPECT_EQ(repetition.note(call("a"), answer), i >= Repetition::kStopAfter) << i;
    EXPECT_EQ(answer.text != "denied", i >= Repetition::kTellAfter) << i;
  }
}

TEST(Repetition, OtherCallsBetweenDoNotHideIt) {
  Repetition repetition;
  bool ended = false;
  for (int i = 1; i < 2 * Repetition::kStopAfter && !ended; ++i) {
    ToolResultBlock answer{"c", "denied", true};
    ended = repetition.note(call(i % 2 == 0 ? "a" : "b"), answer);
    ToolResultBlock fine{"c", "read", false};
    ToolUseBlock reads = call("other");
    reads.name = "read_file";
    EXPECT_FALSE(repetition.note(reads, fine));
  }
  EXPECT_TRUE(ended);
}

TEST(Repetition, WorkIsNone) {
  Repetition repetition;
  for (int i = 0; i < 100; ++i) {
    ToolResultBlock success{"c", "same", false};
    EXPECT_FALSE(repetition.note(call("polled"), success));
    ToolResultBlock other{"c", "failed at line " + std::to_string(i), true};
    EXPECT_FALSE(repetition.note(call("tests"), other));
    ToolResultBlock once{"c", "not there", true};
    EXPECT_FALSE(repetition.note(call("file" + std::to_string(i)), once));
  }
}

}  // namespace
}  // namespace oap::orchestration
