#include "gateway/hooks/results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"

namespace oap::gateway {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string shortened(const std::string& text, Origin origin) {
  async::Runtime runtime;
  ResourceControlHook hook(100);
  ToolCall call;
  call.origin = origin;
  const ToolResult result = ToolResult::text(text);
  const hooks::Context context;
  auto verdict = runtime.run(hook.after(context, call, result));
  return verdict->replacement ? verdict->replacement->joined_text() : std::string("unchanged");
}

TEST(ResourceControl, CutsWhatAnAgentWouldReadInTheMiddle) {
  const std::string text = "head" + std::string(1000, 'x') + "tail";
  EXPECT_THAT(shortened(text, Origin::kAgent),
              AllOf(StartsWith("head"), EndsWith("tail"), HasSubstr("908 bytes left out")));
  EXPECT_EQ(shortened("short", Origin::kAgent), "unchanged");
}

TEST(ResourceControl, LeavesResultsForMcpClientsWhole) {
  EXPECT_EQ(shortened(std::string(1000, 'x'), Origin::kMcpClient), "unchanged");
}

}  // namespace
}  // namespace oap::gateway
