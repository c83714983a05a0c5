#include <cmath>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::json {
namespace {

std::string any_text() { return *rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }

/// A random value of limited depth, with any bytes in its strings.
Value any_value(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 8 : 6);
  switch (kind) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return *rc::gen::arbitrary<std::uint64_t>();
    case 4:
      return *rc::gen::arbitrary<double>();
    case 5:
      return Value(any_text());
    case 6: {
      Array items;
      for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
        items.push_back(any_value(depth - 1));
      }
      return items;
    }
    default: {
      Object members;
      for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
        members["k" + std::to_string(i) + *rc::gen::element<std::string>("", "é", "\"", "😀")] =
            any_value(depth - 1);
      }
      return members;
    }
  }
}

TEST(Property, WhatIsPrintedReadsBackAndPrintsTheSame) {
  EXPECT_TRUE(rc::check([] {
    const Value value = any_value(4);
    const std::string text = print(value);
    const Result<Value> back = parse(text);
    RC_ASSERT(back.has_value());
    RC_ASSERT(print(*back) == text);
    const Result<Value> pretty = parse(print_pretty(value));
    RC_ASSERT(pretty.has_value());
    RC_ASSERT(*pretty == *back);
  }));
}

TEST(Property, CanonicalIsAFixedPoint) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = canonical(any_value(4));
    const Result<Value> back = parse(text);
    RC_ASSERT(back.has_value());
    RC_ASSERT(canonical(*back) == text);
  }));
}

TEST(Property, NoInputCrashesTheParser) {
  EXPECT_TRUE(rc::check([] {
    std::string text = print(any_value(4));
    for (int i = *rc::gen::inRange(1, 4); i > 0 && !text.empty(); --i) {
      text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    }
    const Result<Value> value = parse(text);
    if (value) {
      RC_ASSERT(parse(print(*value)).has_value());
    } else {
      RC_ASSERT(value.error().code() == Code::kInvalidArgument);
    }
  }));
}

}  // namespace
}  // namespace oap::json
