#include "cli/output.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::cli {
namespace {

TEST(JsonForTerminal, IsTheSameValueWithoutWhatActsOnATerminal) {
  const json::Value value = json::Object{{"a", "\x1b[2J\u009b31m\u202e plain \u00e9 \U0001f600"},
                                         {"b", "\U000e0041\u200b\u00a0"}};
  const std::string line = json::print(value) + "\n";
  const std::string shown = json_for_terminal(line);
  for (const char* bad : {"\x1b", "\u009b", "\u202e", "\U000e0041", "\u200b"}) {
    EXPECT_EQ(shown.find(bad), std::string::npos) << bad;
  }
  EXPECT_NE(shown.find("plain \u00e9 \U0001f600"), std::string::npos);
  EXPECT_TRUE(shown.ends_with("}\n"));
  const auto back = json::parse(shown);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, value);
}

TEST(JsonForTerminal, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(json_for_terminal("\"\xff\""), "\"\\ufffd\"");
}

}  // namespace
}  // namespace oap::cli
