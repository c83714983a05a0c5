#include "text/regex.hpp"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/ecma_regex.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::text {
namespace {

using testing::ElementsAre;

TEST(Regex, SearchesAndFindsAll) {
  const auto re = Regex::compile("a(b)?(c)?");
  ASSERT_TRUE(re);
  EXPECT_TRUE(re->search("xxab"));
  EXPECT_FALSE(re->search("xx"));
  EXPECT_TRUE(re->matches("abc"));
  EXPECT_FALSE(re->matches("xabc"));
  EXPECT_THAT(re->find_all("ab a xabc"), ElementsAre(Span{0, 2}, Span{3, 4}, Span{6, 9}));
  EXPECT_THAT(re->find_all("aaaa", 2), ElementsAre(Span{0, 1}, Span{1, 2}));
  EXPECT_THAT(re->groups("xac"), ElementsAre("ac", "", "c"));
  EXPECT_EQ(re->groups("xac")[1].data(), nullptr);
  EXPECT_THAT(re->groups("x"), ElementsAre());
  EXPECT_THAT(Regex::compile("x*")->find_all("axxb"), ElementsAre(Span{1, 3}));
  EXPECT_THAT(Regex::compile("x*")->find_all(""), ElementsAre());
}

TEST(Regex, TakesOptions) {
  RegexOptions any_case;
  any_case.case_insensitive = true;
  EXPECT_TRUE(Regex::compile("abc", any_case)->search("xABC"));
  RegexOptions bytes;
  bytes.bytes = true;
  EXPECT_TRUE(Regex::compile("a.b", bytes)
                  ->search("a\xff"
                           "b"));
  EXPECT_FALSE(
      Regex::compile("a.b")->search("a\xff"
                                    "b"));
}

TEST(Regex, SaysWhatIsWrong) {
  EXPECT_THAT(Regex::compile("a(b").error().message(), testing::HasSubstr("missing )"));
  EXPECT_FALSE(Regex::compile("(?=a)"));
  EXPECT_FALSE(Regex::compile(std::string(100'000, 'a')));
}

TEST(Regex, StaysLinear) {
  EXPECT_FALSE(Regex::compile("(a+)+$")->search(std::string(100'000, 'a') + "b"));
}

TEST(Regex, QuotesLiterally) {
  EXPECT_TRUE(Regex::compile(regex_quote("a.b*(c)"))->matches("a.b*(c)"));
}

TEST(RegexSet, ListsAllThatMatch) {
  const auto set = RegexSet::compile({"foo", "^bar", "o+$"});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 3U);
  EXPECT_THAT(*set->search("xfoo"), ElementsAre(0, 2));
  EXPECT_THAT(*set->search("bar"), ElementsAre(1));
  EXPECT_THAT(*set->search("zzz"), ElementsAre());
  EXPECT_THAT(*RegexSet::compile({})->search("a"), ElementsAre());
  EXPECT_FALSE(RegexSet::compile({"ok", "("}));
}

std::string text_of(std::string_view field) {
  std::string out = replace_all(field, "\\t", "\t");
  out = replace_all(out, "\\n", "\n");
  out = replace_all(out, "\\r", "\r");
  for (std::size_t at = out.find("\\u{"); at != std::string::npos; at = out.find("\\u{")) {
    const std::size_t close = out.find('}', at);
    std::string c;
    append_utf8(c,
                static_cast<char32_t>(std::stoul(out.substr(at + 3, close - at - 3), nullptr, 16)));
    out.replace(at, close + 1 - at, c);
  }
  return out;
}

TEST(EcmaRegex, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/text/cases/ecma_regex.case");
  ASSERT_TRUE(file.is_open());
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') {
      continue;
    }
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 3U) << "ecma_regex.case:" << number;
    const auto translated = ecma_to_re2(fields[0]);
    std::string message = translated ? *translated : translated.error().message();
    std::string_view actual = "error";
    if (translated) {
      const auto re = Regex::compile(*translated);
      if (re) {
        actual = re->search(text_of(fields[1])) ? "yes" : "no";
      } else {
        message += re.error().message();
      }
    }
    EXPECT_EQ(actual, fields[2]) << "ecma_regex.case:" << number << ": " << message;
  }
  EXPECT_GT(number, 80);
}

}  // namespace
}  // namespace oap::text
