#include "gateway/hooks/hidden_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"

namespace oap::gateway {
namespace {

std::string cleaned(std::string_view text, std::string server = "remote") {
  async::Runtime runtime;
  HiddenTextHook hook;
  ToolCall call;
  call.server = std::move(server);
  const ToolResult result = ToolResult::text(text);
  const hooks::Context context;
  auto verdict = runtime.run(hook.after(context, call, result));
  return verdict->replacement ? verdict->replacement->joined_text() : std::string("unchanged");
}

TEST(HiddenText, TakesOutWhatNobodySees) {
  EXPECT_EQ(cleaned("pay\xE2\x80\x8B me\xE2\x80\xAE"), "pay me");
  EXPECT_EQ(cleaned("a\xF3\xA0\x81\xA1z"), "az");
}

TEST(HiddenText, LeavesWhatIsSeen) {
  EXPECT_EQ(cleaned("plain"), "unchanged");
  EXPECT_EQ(cleaned("gr\xC3\xBC\xC3\x9F dich"), "unchanged");
}

TEST(HiddenText, LeavesBuiltInToolsAlone) {
  EXPECT_EQ(cleaned("a\xE2\x80\x8B", std::string(kBuiltinServer)), "unchanged");
}

}  // namespace
}  // namespace oap::gateway
