#include "json/parse.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/print.hpp"

namespace oap::json {
namespace {

std::string error_of(std::string_view text, const ParseOptions& options = {}) {
  const Result<Value> value = parse(text, options);
  return value ? "accepted as " + print(*value) : value.error().message();
}

std::string round(std::string_view text) {
  const Result<Value> value = parse(text);
  return value ? print(*value) : value.error().message();
}

TEST(Parse, AcceptsTheValuesOfRfc8259) {
  EXPECT_EQ(round(R"( {"a":[1,2.5,"x",null,true,false],"b":{}} )"),
            R"({"a":[1,2.5,"x",null,true,false],"b":{}})");
  EXPECT_EQ(round("\"\\u00e9\\ud83d\\ude00\\n\\/\""), "\"é😀\\n/\"");
  EXPECT_EQ(round("\"a\\u0000b\""), "\"a\\u0000b\"");
}

TEST(Parse, KeepsKeyOrder) { EXPECT_EQ(round(R"({"z":1,"a":2,"m":3})"), R"({"z":1,"a":2,"m":3})"); }

TEST(Parse, KeepsIntegersAndDoublesExact) {
  EXPECT_EQ(round("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(round("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(round("18446744073709551615"), "18446744073709551615");
  EXPECT_TRUE(parse("18446744073709551616")->is_double());
  EXPECT_EQ(parse("18446744073709551616")->get_double(), 18446744073709551616.0);
  EXPECT_EQ(parse("-9223372036854775809")->get_double(), -9223372036854775808.0);
  EXPECT_EQ(parse("0.1")->get_double(), 0.1);
  EXPECT_EQ(parse("123.456e-7")->get_double(), 123.456e-7);
  EXPECT_EQ(parse("2.2250738585072014e-308")->get_double(), 2.2250738585072014e-308);
  EXPECT_EQ(parse("5e-324")->get_double(), 5e-324);
  EXPECT_EQ(round("1.0"), "1.0");
  EXPECT_EQ(round("-0"), "-0.0");
  EXPECT_EQ(round("-0.0"), "-0.0");
  EXPECT_EQ(round("0"), "0");
}

TEST(Parse, RefusesOverflowAndRoundsUnderflowToZero) {
  EXPECT_THAT(error_of("1e400"), testing::HasSubstr("1e400 is beyond the range"));
  EXPECT_THAT(error_of("[1, -1e309]"), testing::HasSubstr("line 1, column"));
  EXPECT_THAT(error_of(std::string(400, '9')), testing::HasSubstr("beyond the range"));
  EXPECT_EQ(round("1e-400"), "0.0");
  EXPECT_EQ(round("-1e-400"), "-0.0");
  EXPECT_EQ(round("0." + std::string(400, '0') + "1"), "0.0");
  EXPECT_EQ(parse("0." + std::string(400, '0') + "1e401")->get_double(), 1.0);
  EXPECT_EQ(parse("1" + std::string(400, '0') + "e-400")->get_double(), 1.0);
  EXPECT_EQ(round("0e400"), "0.0");
}

TEST(Parse, NamesLineAndColumn) {
  EXPECT_EQ(error_of("{\"a\": 1,\n  \"b\": x}"), "line 2, column 8: unexpected character 'x'");
  EXPECT_EQ(error_of("[\"é\", x]"), "line 1, column 7: unexpected character 'x'");
  EXPECT_EQ(error_of("[1,2"), "line 1, column 5: the text ends in the middle of a value");
  EXPECT_EQ(error_of(""), "line 1, column 1: the text is empty");
  EXPECT_EQ(error_of("{} {}"), "line 1, column 4: there is more text after the end of the value");
}

TEST(Parse, RefusesDuplicateKeys) {
  EXPECT_THAT(error_of(R"({"a":1,"b":2,"a":3})"),
              testing::HasSubstr("the key \"a\" stands twice in one object"));
  EXPECT_THAT(error_of(R"({"a":1,"\u0061":3})"), testing::HasSubstr("stands twice"));
  EXPECT_THAT(error_of("{\"x\":{\"k\":1},\n\"y\":{\"k\":1,\"k\":1}}"),
              testing::HasSubstr("line 2"));
  EXPECT_EQ(round(R"([{"a":1},{"a":{"a":2}}])"), R"([{"a":1},{"a":{"a":2}}])");
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) {
    many += "\"k" + std::to_string(i) + "\":0,";
  }
  EXPECT_TRUE(parse(many + "\"k1000\":0}"));
  EXPECT_THAT(error_of(many + "\"k3\":0}"), testing::HasSubstr("\"k3\" stands twice"));
  EXPECT_THAT(error_of(many + "\"k999\":0}"), testing::HasSubstr("\"k999\" stands twice"));
}

TEST(Parse, BoundsDepthAndSize) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse(nested(128)));
  EXPECT_THAT(error_of(nested(129)), testing::HasSubstr("nested deeper than 128"));
  EXPECT_THAT(error_of(nested(100'000)), testing::HasSubstr("nested deeper than 128"));
  ParseOptions small;
  small.max_bytes = 4;
  EXPECT_THAT(error_of("[1,2]", small),
              testing::HasSubstr("5 bytes is larger than the limit of 4"));
}

TEST(Parse, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"\"\xff\"",
                                      "\"\xc0\xaf\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\xf4\x90\x80\x80\"",
                                      "\"\\ud800\"",
                                      "\"\\ude00\\ud83d\"",
                                      "\"\\ud83dx\"",
                                      "// c\n1",
                                      "/* c */ 1",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "01",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "1e",
                                      "-",
                                      "NaN",
                                      "Infinity",
                                      "nul",
                                      "'a'",
                                      "\"a\nb\"",
                                      "\"\\x41\"",
                                      "\xEF\xBB\xBF{}",
                                      "{a:1}",
                                      "[1 2]",
                                      "{\"a\" 1}",
                                      "\"tab\t\"",
                                      "1 2",
                                      "\v1",
                                      "[",
                                      "\"",
                                      "\"\\",
                                      "\"\\u12",
                                      "tru",
                                      "{\"a\":",
                                      "\xC2\xA0"
                                      "1",
                                      "\xE2\x80"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  EXPECT_FALSE(parse(std::string_view("1\0", 2)));
  EXPECT_THAT(error_of("\xEF\xBB\xBF{}"), testing::HasSubstr("byte order mark"));
  EXPECT_THAT(error_of("\"\\ud800\""), testing::HasSubstr("surrogate"));
}

TEST(ParseObject, WantsAnObject) {
  EXPECT_TRUE(parse_object("{}"));
  EXPECT_EQ(parse_object("[]").error().message(), "expected a JSON object, found an array");
  EXPECT_EQ(parse_object("1.5").error().message(), "expected a JSON object, found a number");
}

}  // namespace
}  // namespace oap::json
