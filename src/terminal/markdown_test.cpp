#include "terminal/markdown.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "terminal/testing/marked.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::terminal {
namespace {

struct Case {
  std::string name;
  MarkdownOptions options;
  std::string input;
  std::vector<std::string> rows;
};

std::vector<Case> cases_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<Case> cases;
  bool in_rows = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      const auto parts = text::split(std::string_view(line).substr(4), '|');
      Case one;
      one.name = text::trim(parts[0]);
      one.options.width = std::stoul(std::string(text::trim(parts.at(1))));
      one.options.marks = text::contains(parts.at(1), "plain");
      one.options.ascii = text::contains(parts.at(1), "ascii");
      cases.push_back(std::move(one));
      in_rows = false;
    } else if (cases.empty()) {
      continue;
    } else if (line == "---" && !in_rows) {
      in_rows = true;
    } else if (in_rows) {
      cases.back().rows.push_back(line.ends_with('$') ? line.substr(0, line.size() - 1) : line);
    } else {
      cases.back().input += testing::unescaped(line) + "\n";
    }
  }
  for (Case& one : cases) {
    while (!one.rows.empty() && one.rows.back().empty()) {
      one.rows.pop_back();
    }
  }
  return cases;
}

std::vector<Line> render(const Case& one, std::size_t piece) {
  Markdown markdown(one.options);
  std::vector<Line> rows;
  for (std::size_t at = 0; at < one.input.size(); at += piece) {
    for (Line& row : markdown.push(std::string_view(one.input).substr(at, piece))) {
      rows.push_back(std::move(row));
    }
    static_cast<void>(markdown.preview());
  }
  for (Line& row : markdown.finish()) {
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(Markdown, Cases) {
  const std::vector<Case> cases = cases_of(OAP_SOURCE_DIR "/src/terminal/cases/markdown.case");
  ASSERT_GT(cases.size(), 25U);
  for (const Case& one : cases) {
    for (const std::size_t piece : {1UL, 2UL, 5UL, 4'096UL}) {
      std::vector<std::string> rows;
      for (const Line& row : render(one, piece)) {
        rows.push_back(testing::marked(row));
        EXPECT_LE(columns_of(row), std::max<std::size_t>(one.options.width, 2)) << one.name;
        EXPECT_FALSE(testing::has_control(plain(row))) << one.name;
      }
      EXPECT_EQ(rows, one.rows) << one.name << ", in pieces of " << piece;
    }
  }
}

TEST(Markdown, PreviewShowsTheLineUnderWay) {
  Markdown markdown({20, false, false});
  EXPECT_TRUE(markdown.push("Hello **wor").empty());
  ASSERT_EQ(markdown.preview().size(), 1U);
  EXPECT_EQ(testing::marked(markdown.preview()[0]), "Hello **wor");
  EXPECT_TRUE(markdown.push("ld** \xF0\x9F").empty());
  EXPECT_EQ(testing::marked(markdown.preview()[0]), "Hello {b:world}");
  const auto rows = markdown.push("\x98\x80\n```\ncode");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(testing::marked(rows[0]), "Hello {b:world} 😀");
  ASSERT_EQ(markdown.preview().size(), 1U);
  EXPECT_EQ(testing::marked(markdown.preview()[0]), "code");
}

TEST(Markdown, ARuleWithoutBarsAtItsEndsIsOne) {
  Case one{"", {40, false, false}, "| a |\n-|\n", {}};
  EXPECT_GT(render(one, 1).size(), 0U);
  Case two{"", {40, false, false}, "a | b\n--|--\n1 | 2\n", {}};
  const auto rows = render(two, 4'096);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(plain(rows.back()).find("--|--"), std::string::npos);
}

TEST(Markdown, HostileTextTakesLinearTime) {
  for (const std::string& part : {std::string("*a "), std::string("[a]("), std::string("`` ` "),
                                  std::string("**_~~["), std::string("> "), std::string("![")}) {
    std::string text;
    while (text.size() < 16'000) {
      text += part;
    }
    Case one{"", {80, false, false}, text + "\n", {}};
    EXPECT_GT(render(one, 1U << 20U).size(), 0U);
  }
  Case long_line{"", {80, false, false}, std::string(3U << 20U, 'x') + "\n", {}};
  EXPECT_LE(render(long_line, 65'536).size(), (1U << 20U) / 80 + 2);
}

TEST(Markdown, AnyBytesGiveRowsThatFitAndSteerNothing) {
  std::uint32_t seed = 7;
  const auto next = [&seed] { return (seed = seed * 1'664'525 + 1'013'904'223) >> 16U; };
  static constexpr const char* kParts[] = {
      "|",           "---",  "\n", "```", "**", "_",        "`",       "- ",
      "> ",          "#",    " ",  "[",   "](", ")",        "日",      "\x1b[2J",
      "é",           "\xFF", "a",  "|-|", "~~", "1. ",      "\\",      "&#27;",
      "👩‍👧", "\t",   "\r", "<",   ">",  "http://a", "\xCC\x81"};
  for (int round = 0; round < 400; ++round) {
    Case one;
    one.options.width = 1 + next() % 30;
    for (std::size_t i = next() % 60; i > 0; --i) {
      one.input += kParts[next() % std::size(kParts)];
    }
    for (const Line& row : render(one, 1 + next() % 9)) {
      EXPECT_LE(columns_of(row), std::max<std::size_t>(one.options.width, 2)) << one.input;
      EXPECT_FALSE(testing::has_control(plain(row))) << one.input;
    }
  }
}

}  // namespace
}  // namespace oap::terminal
