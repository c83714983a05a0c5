#include "json/print.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/append.hpp"
#include "json/parse.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

TEST(Print, DoublesReadBackTheSame) {
  std::mt19937_64 random(20261121);
  int finite = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double number = i % 2 == 0 ? std::bit_cast<double>(random())
                                     : static_cast<double>(random() >> 11U) / 9007199254740.992;
    if (!std::isfinite(number)) {
      continue;
    }
    ++finite;
    for (const std::string& text : {print(Value(number)), canonical(Value(number))}) {
      const Result<Value> back = parse(text);
      ASSERT_TRUE(back) << text;
      const double read = back->is_double()  ? back->get_double()
                          : back->is_int64() ? static_cast<double>(back->get_int64())
                                             : static_cast<double>(back->get_uint64());
      ASSERT_EQ(read, number) << text;
    }
    ASSERT_TRUE(parse(print(Value(number)))->is_double()) << print(Value(number));
  }
  EXPECT_GT(finite, 90'000);
}

TEST(Print, Numbers) {
  EXPECT_EQ(print(Value(1.0)), "1.0");
  EXPECT_EQ(print(Value(-0.0)), "-0.0");
  EXPECT_EQ(print(Value(0.1)), "0.1");
  EXPECT_EQ(print(Value(1e22)), "1e+22");
  EXPECT_EQ(print(Value(1e15)), "1e+15");
  EXPECT_EQ(print(Value(123456789.0)), "123456789.0");
  EXPECT_EQ(print(Value(std::numeric_limits<double>::denorm_min())), "5e-324");
  EXPECT_EQ(print(Value(std::nan(""))), "null");
  EXPECT_EQ(print(Value(-std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(print(Value(std::numeric_limits<std::uint64_t>::max())), "18446744073709551615");
}

TEST(Print, StringsAreAlwaysValidJson) {
  EXPECT_EQ(quote("a\"\\/\b\f\n\r\t\x01\x1f\x7f é"),
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é\"");
  EXPECT_EQ(quote("a\xff"
                  "b"),
            "\"a\uFFFDb\"");
  EXPECT_EQ(print(Object{{"k\xff", 1}}), "{\"k\uFFFD\":1}");
  EXPECT_EQ(quote(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(Print, Pretty) {
  EXPECT_EQ(
      print_pretty(*parse(R"({"a":[1,{"b":null}],"c":{},"d":[]})")),
      "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

/// The definition, one byte and one code point after the other.
std::string quoted_slowly(std::string_view text) {
  std::string out = "\"";
  for (const text::CodePoint c : text::CodePoints(text)) {
    if (c.value == '"' || c.value == '\\') {
      out += '\\';
    }
    if (c.value >= 0x20) {
      text::append_utf8(out, c.value);
    } else {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c.value));
    }
  }
  return out + "\"";
}

TEST(Quote, EscapesAtEveryPlaceOfABlock) {
  for (const std::string_view special :
       {"\"", "\\", "\x01", "\x7f", "é", "😀", "\xff", "\xe2\x82"}) {
    for (std::size_t before = 0; before < 40; ++before) {
      for (const std::size_t after : {0U, 1U, 15U, 16U, 33U}) {
        const std::string text =
            std::string(before, 'a') + std::string(special) + std::string(after, 'z');
        EXPECT_EQ(quote(text), quoted_slowly(text)) << text;
        EXPECT_EQ(view(parse(quote(text))->get_string()), text::sanitize_utf8(text)) << text;
      }
    }
  }
}

TEST(Append, GoesOnBehindWhatIsThere) {
  const Object object{{"b", Array{1, "x"}}, {"a", 2.0}};
  std::string out = "> ";
  append(out, object);
  append_canonical(out, object);
  append_canonical(out, object.at("b").get_array());
  append_quoted(out, "q");
  EXPECT_EQ(out, R"(> {"b":[1,"x"],"a":2.0}{"a":2,"b":[1,"x"]}[1,"x"]"q")");
}

TEST(Canonical, FollowsTheExampleOfRfc8785) {
  EXPECT_EQ(canonical(*parse(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })")),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(Canonical, SortsKeysByUtf16Units) {
  EXPECT_EQ(canonical(*parse(
                R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})")),
            "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}");
  EXPECT_EQ(canonical(*parse(R"({"b":{"z":1,"a":2},"a":1,"":0,"aa":3})")),
            R"({"":0,"a":1,"aa":3,"b":{"a":2,"z":1}})");
}

TEST(Canonical, WritesNumbersAsEcmaScriptDoes) {
  const auto bits = [](std::uint64_t value) {
    return canonical(Value(std::bit_cast<double>(value)));
  };
  // RFC 8785, appendix B.
  EXPECT_EQ(bits(0x0000000000000000), "0");
  EXPECT_EQ(bits(0x8000000000000000), "0");
  EXPECT_EQ(bits(0x0000000000000001), "5e-324");
  EXPECT_EQ(bits(0x8000000000000001), "-5e-324");
  EXPECT_EQ(bits(0x7fefffffffffffff), "1.7976931348623157e+308");
  EXPECT_EQ(bits(0x4340000000000000), "9007199254740992");
  EXPECT_EQ(bits(0xc340000000000000), "-9007199254740992");
  EXPECT_EQ(bits(0x4430000000000000), "295147905179352830000");
  EXPECT_EQ(bits(0x44b52d02c7e14af5), "9.999999999999997e+22");
  EXPECT_EQ(bits(0x44b52d02c7e14af6), "1e+23");
  EXPECT_EQ(bits(0x44b52d02c7e14af7), "1.0000000000000001e+23");
  EXPECT_EQ(bits(0x444b1ae4d6e2ef4e), "999999999999999700000");
  EXPECT_EQ(bits(0x444b1ae4d6e2ef4f), "999999999999999900000");
  EXPECT_EQ(bits(0x444b1ae4d6e2ef50), "1e+21");
  EXPECT_EQ(bits(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7");
  EXPECT_EQ(bits(0x3eb0c6f7a0b5ed8d), "0.000001");
  EXPECT_EQ(bits(0x41b3de4355555553), "333333333.3333332");
  EXPECT_EQ(bits(0x41b3de4355555557), "333333333.33333343");
  EXPECT_EQ(bits(0xbecbf647612f3696), "-0.0000033333333333333333");
  EXPECT_EQ(bits(0x43143ff3c1cb0959), "1424953923781206.2");
}

TEST(Canonical, KeepsIntegersApart) {
  EXPECT_NE(canonical(*parse("9007199254740992")), canonical(*parse("9007199254740993")));
  EXPECT_EQ(canonical(*parse("1.0")), canonical(*parse("1")));
  EXPECT_EQ(canonical(*parse("-0")), "0");
}

}  // namespace
}  // namespace oap::json
