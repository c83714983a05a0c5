#include "json/compare.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"

namespace oap::json {
namespace {

bool same(std::string_view a, std::string_view b) {
  const Value left = *parse(a);
  const Value right = *parse(b);
  const bool result = equal(left, right);
  EXPECT_EQ(result, equal(right, left)) << a << " " << b;
  if (result) {
    EXPECT_EQ(hash_of(left), hash_of(right)) << a << " " << b;
  }
  return result;
}

bool multiple(std::string_view value, std::string_view divisor) {
  return is_multiple_of(*parse(value), *parse(divisor));
}

TEST(Compare, NumbersAreEqualByValue) {
  EXPECT_TRUE(same("1", "1.0"));
  EXPECT_TRUE(same("1e2", "100"));
  EXPECT_TRUE(same("0", "-0.0"));
  EXPECT_TRUE(same("1152921504606846976", "1.152921504606846976e18"));
  EXPECT_FALSE(same("9007199254740993", "9007199254740992.0"));
  EXPECT_FALSE(same("18446744073709551615", "18446744073709551616"));
  EXPECT_FALSE(same("-1", "18446744073709551615"));
  EXPECT_FALSE(same("1", "true"));
  EXPECT_FALSE(same("0", "false"));
  EXPECT_FALSE(same("0", "null"));
  EXPECT_FALSE(same("\"1\"", "1"));
}

TEST(Compare, ContainersAreEqualByContent) {
  EXPECT_TRUE(same(R"({"a":1,"b":[2.0]})", R"({"b":[2],"a":1.0})"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same("[]", "{}"));
}

TEST(Compare, NumbersHaveOneOrder) {
  EXPECT_TRUE(compare_numbers(*parse("-1"), *parse("18446744073709551615")) < 0);
  EXPECT_TRUE(compare_numbers(*parse("9007199254740993"), *parse("9007199254740992.0")) > 0);
  EXPECT_TRUE(compare_numbers(*parse("1e300"), *parse("18446744073709551615")) > 0);
}

TEST(Compare, MultiplesAreExactInDecimal) {
  EXPECT_TRUE(multiple("0.0075", "0.0001"));
  EXPECT_FALSE(multiple("0.00751", "0.0001"));
  EXPECT_TRUE(multiple("4.5", "1.5"));
  EXPECT_TRUE(multiple("19.99", "0.01"));
  EXPECT_TRUE(multiple("1e308", "0.5"));
  EXPECT_FALSE(multiple("1e308", "0.123456789"));
  EXPECT_FALSE(multiple("1e-300", "1e300"));
  EXPECT_TRUE(multiple("0", "1e300"));
  EXPECT_TRUE(multiple("-6", "3"));
  EXPECT_FALSE(multiple("-7", "3"));
  EXPECT_TRUE(multiple("18446744073709551615", "5"));
  EXPECT_TRUE(multiple("-9223372036854775808", "2"));
  EXPECT_FALSE(multiple("1", "18446744073709551615"));
  EXPECT_TRUE(multiple("12391239123", "1e-8"));
}

TEST(Compare, IntegersHaveNoFraction) {
  EXPECT_TRUE(is_integer(*parse("1.0")));
  EXPECT_TRUE(is_integer(*parse("1e300")));
  EXPECT_FALSE(is_integer(*parse("1.5")));
  EXPECT_FALSE(is_integer(*parse("\"1\"")));
}

}  // namespace
}  // namespace oap::json
