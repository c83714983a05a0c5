#include "yaml/yaml.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/print.hpp"
#include "yaml/testing/case_file.hpp"

namespace oap::yaml {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string outcome(const Result<Document>& document) {
  return document ? json::print(document->value) : document.error().message();
}

TEST(Yaml, Cases) {
  const auto cases = testing::read_cases(OAP_SOURCE_DIR "/src/yaml/cases/yaml.case");
  ASSERT_GT(cases.size(), 70U);
  for (const testing::Case& one : cases) {
    SCOPED_TRACE("yaml.case:" + std::to_string(one.line) + " " + one.name);
    ASSERT_EQ(one.expected.size(), 1U);
    const std::string& expected = one.expected[0];
    const Result<Document> document = parse(one.text, "f.yaml");
    if (expected.rfind("error", 0) != 0) {
      EXPECT_EQ(outcome(document), expected);
      continue;
    }
    ASSERT_FALSE(document) << outcome(document);
    EXPECT_EQ(document.error().code(), Code::kConfiguration);
    EXPECT_THAT(document.error().message(), StartsWith("f.yaml:"));
    if (expected.size() > 6) {
      EXPECT_THAT(document.error().message(), StartsWith("f.yaml:" + expected.substr(6, 1) + ": "));
    }
    if (expected.size() > 9) {
      EXPECT_THAT(document.error().message(), HasSubstr(expected.substr(9)));
    }
  }
}

TEST(Yaml, LinesByPointer) {
  const auto document = parse("a: 1\nb:\n  - x\n  - y: 2\n    'q/r~s': 3\n\nc: {d: 4}\n", "f.yaml");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->line(""), 1);
  EXPECT_EQ(document->line("/a"), 1);
  EXPECT_EQ(document->line("/b"), 2);
  EXPECT_EQ(document->line("/b/0"), 3);
  EXPECT_EQ(document->line("/b/1"), 4);
  EXPECT_EQ(document->line("/b/1/y"), 4);
  EXPECT_EQ(document->line("/b/1/q~1r~0s"), 5);
  EXPECT_EQ(document->line("/c/d"), 7);
  EXPECT_EQ(document->line("/c/d/unknown/deeper"), 7);
  EXPECT_EQ(document->line("/nowhere"), 1);
  EXPECT_EQ(document->where("/c"), "f.yaml:7");
}

TEST(Yaml, LinesOfAliasedPartsAreTheAliasOwn) {
  const auto document = parse("a: &x\n  k: 1\n\nb: *x\n", "f.yaml");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->line("/a/k"), 2);
  EXPECT_EQ(document->line("/b/k"), 4);
}

TEST(Yaml, ByteOrderMarkAndCrlf) {
  EXPECT_EQ(outcome(parse("\xEF\xBB\xBF"
                          "a: 1\r\nb: |\r\n  x\r\n",
                          "f")),
            R"({"a":1,"b":"x\n"})");
}

TEST(Yaml, OnlyPrintableUtf8) {
  EXPECT_THAT(outcome(parse("a: 1\nb: \xff\n", "f")), StartsWith("f:2: the text is not UTF-8"));
  EXPECT_THAT(outcome(parse("a: \xed\xa0\x80\n", "f")), StartsWith("f:1: the text is not UTF-8"));
  EXPECT_THAT(outcome(parse(std::string("a: 1\n\0b: 1", 10), "f")), StartsWith("f:2: a control"));
  EXPECT_THAT(outcome(parse("a: 1\n\x04"
                            "b: 1\n",
                            "f")),
              StartsWith("f:2: a control"));
  EXPECT_THAT(outcome(parse(std::string("\xfe\xff\0a", 4), "f")),
              StartsWith("f:1: the text is not"));
}

TEST(Yaml, AliasBombIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string ref = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 9; ++n) {
      text += (n == 0 ? "" : ", ") + ref;
    }
    text += "]\n";
  }
  EXPECT_THAT(outcome(parse(text, "f")), HasSubstr("values, aliases counted"));
}

TEST(Yaml, AliasedBytesAreCounted) {
  std::string text = "a: &a " + std::string(1'000'000, 'x') + "\nb:\n";
  for (int i = 0; i < 50; ++i) {
    text += " - *a\n";
  }
  EXPECT_THAT(outcome(parse(text, "f")), HasSubstr("larger than"));
}

TEST(Yaml, AliasesDoNotDeepenBeyondTheLimit) {
  Limits limits;
  limits.max_depth = 8;
  EXPECT_TRUE(parse("a: &a [[[1]]]\nb: [[[*a]]]\n", "f", limits));
  EXPECT_THAT(outcome(parse("a: &a [[[1]]]\nb: [[[[[*a]]]]]\n", "f", limits)),
              StartsWith("f:2: nested deeper than 8"));
  EXPECT_THAT(outcome(parse("a: &a [[[1]]]\nb: &b [[*a]]\nc: [[[[*b]]]]\n", "f", limits)),
              StartsWith("f:3: nested deeper than 8"));
}

TEST(Yaml, Limits) {
  Limits limits;
  limits.max_nodes = 10;
  EXPECT_TRUE(parse("[1,2,3,4,5,6,7,8,9]", "f", limits));
  EXPECT_THAT(outcome(parse("[1,2,3,4,5,6,7,8,9,10]", "f", limits)), HasSubstr("more than 10"));
  limits.max_bytes = 10;
  EXPECT_THAT(outcome(parse("12345678901", "f", limits)), HasSubstr("larger than 10 bytes"));
  EXPECT_THAT(outcome(parse("? " + std::string(2000, 'k') + "\n: 1", "f")),
              HasSubstr("a key is longer than 1024 bytes"));
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += piece;
  }
  return text;
}

TEST(Yaml, DeepNestingIsAnErrorAndQuick) {
  for (const char* const piece :
       {"[",  "{",     "{a: ",  "- ",   "? ",  "a: ",  "[{a: ", "&a ", "!a ",     "!!",
        "\"", "'",     "|\n",   ">\n ", "*a ", ": ",   ",",     "]",   "}",       "#",
        "%",  "---\n", "...\n", "\n",   "[]",  "a:\n", "-\n",   "\t",  "? a\n: ", "\"a\" "}) {
    SCOPED_TRACE(piece);
    const auto start = std::chrono::steady_clock::now();
    const Result<Document> document = parse(repeated(piece, 200'000), "f");
    const auto spent = std::chrono::steady_clock::now() - start;
    EXPECT_LT(std::chrono::duration<double>(spent).count(), 20.0);
    if (!document) {
      EXPECT_THAT(document.error().message(), StartsWith("f:"));
    }
  }
}

TEST(Yaml, DeepIndentation) {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  }
  EXPECT_THAT(outcome(parse(text, "f")), HasSubstr("nested deeper than 64"));
}

TEST(Yaml, ControlCharactersDoNotReachTheMessage) {
  const std::string message = outcome(parse("\"a\\eb\": 1\n\"a\\eb\": 2\n", "f"));
  EXPECT_THAT(message, HasSubstr("twice"));
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace oap::yaml
