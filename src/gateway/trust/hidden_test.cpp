#include "gateway/trust/hidden.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "gateway/trust/testing/escapes.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

std::string told(std::string_view text) {
  std::string out;
  for (const HiddenRun& run : find_hidden(text)) {
    out += fmt::format("{}{}@{}x{}", out.empty() ? "" : ",", to_string(run.kind), run.offset,
                       run.count);
  }
  return out.empty() ? "-" : out;
}

TEST(Hidden, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/gateway/trust/cases/hidden.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t bar = line.rfind(" | ");
    ASSERT_NE(bar, std::string::npos) << line;
    const std::string text = testing::unescape(line.substr(0, bar));
    const std::string expected(text::trim(line.substr(bar + 3)));
    EXPECT_EQ(told(text), expected) << line;
    if (expected != "-" && !text::contains(expected, "control")) {
      EXPECT_TRUE(may_hide(text)) << line;
    }
    ++rows;
  }
  EXPECT_GE(rows, 35);
}

std::string any_text() {
  return *rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "1", "é", "日", "😀", "\xE2\x80\x8D", "\xEF\xB8\x8F", "\xF3\xA0\x81\x81",
          "\xE2\x80\xAE", "\xFF", "\xE2", "\xD9\x85", "\xEE\x80\x80", "\x1B", "\xF3\xB0\x80\x80",
          "a long run of plain text, more than a few words of it")),
      [](const std::vector<std::string>& parts) { return text::join(parts, ""); });
}

TEST(Hidden, RunsAreInOrderAndTheQuickLookMissesNone) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = any_text();
    std::size_t end = 0;
    bool any = false;
    for (const HiddenRun& run : find_hidden(text)) {
      RC_ASSERT(run.offset >= end);
      RC_ASSERT(run.length >= run.count);
      end = run.offset + run.length;
      RC_ASSERT(end <= text.size());
      RC_ASSERT(text::code_point_count(std::string_view(text).substr(run.offset, run.length)) ==
                run.count);
      any = any || run.kind != HiddenKind::kControl;
    }
    RC_ASSERT(!any || may_hide(text));
  }));
}

TEST(Hidden, EveryHiddenCharacterIsSeenByTheQuickLook) {
  for (char32_t c = 0x80; c <= 0x10FFFF; ++c) {
    std::string text = "x";
    text::append_utf8(text, c);
    const auto runs = find_hidden(text);
    if (!runs.empty() && runs.front().kind != HiddenKind::kControl) {
      ASSERT_TRUE(may_hide(text)) << static_cast<std::uint32_t>(c);
    }
  }
}

TEST(Hidden, IsFoundWhereverItStands) {
  for (std::size_t at = 0; at < 100; ++at) {
    std::string text(100, 'x');
    text.insert(at, "\xE2\x80\x8B");
    EXPECT_TRUE(may_hide(text)) << at;
    EXPECT_FALSE(may_hide(std::string(at, 'x')));
  }
}

TEST(Hidden, RunsAreBoundedByTheLimit) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "x\xE2\x80\x8B";
  }
  EXPECT_EQ(find_hidden(text, 7).size(), 7U);
  EXPECT_EQ(find_hidden(text).size(), 50U);
}

}  // namespace
}  // namespace oap::gateway
