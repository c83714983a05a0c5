#include "gateway/trust/diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/compare.hpp"
#include "json/parse.hpp"
#include "json/pointer.hpp"
#include "json/print.hpp"

namespace oap::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

json::Value value(std::string_view text) { return *json::parse(text); }

std::vector<std::string> rows(std::string_view before, std::string_view after,
                              std::size_t limit = 200) {
  std::vector<std::string> list;
  for (const Change& change : changes_between(value(before), value(after), limit)) {
    list.push_back(change.path + ": " + (change.before ? json::print(*change.before) : "none") +
                   " > " + (change.after ? json::print(*change.after) : "none"));
  }
  return list;
}

TEST(Changes, NameTheSmallestPlaces) {
  using List = std::vector<std::string>;
  EXPECT_EQ(rows(R"({"a":1,"b":{"c":[1,2],"d":"x"}})", R"({"b":{"d":"x","c":[1,3,4]},"e":null})"),
            (List{"/a: 1 > none", "/b/c/1: 2 > 3", "/b/c/2: none > 4", "/e: none > null"}));
  EXPECT_EQ(rows(R"({"a/b":1})", R"({"a/b":[]})"), List{"/a~1b: 1 > []"});
  EXPECT_EQ(rows("1", "\"1\""), List{": 1 > \"1\""});
  EXPECT_THAT(rows(R"({"a":1,"b":2})", R"({"b":2.0,"a":1})"), IsEmpty());
}

TEST(Changes, BeyondTheLimitAreToldAsAWhole) {
  EXPECT_EQ(rows(R"({"s":{"a":1,"b":2,"c":3},"t":1})", R"({"s":{"a":0,"b":0,"c":0},"t":1})", 2),
            (std::vector<std::string>{R"(/s: {"a":1,"b":2,"c":3} > {"a":0,"b":0,"c":0})"}));
  EXPECT_EQ(rows(R"({"a":1,"b":2,"c":3})", R"({"a":0,"b":0,"c":0})", 2).size(), 1U);
}

json::Value any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 5 : 3)) {
    case 0:
      return *rc::gen::inRange(0, 3);
    case 1:
      return json::Value(*rc::gen::element<std::string>("", "a", "b/~"));
    case 2:
      return nullptr;
    case 3: {
      json::Array items;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        items.push_back(any_value(depth - 1));
      }
      return items;
    }
    default: {
      json::Object members;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        members[*rc::gen::element<std::string>("a", "b", "c/d", "")] = any_value(depth - 1);
      }
      return members;
    }
  }
}

/// Puts what is after into a copy of what was before.
void apply(json::Value& target, const Change& change) {
  const auto tokens = *json::pointer_tokens(change.path);
  if (tokens.empty()) {
    target = *change.after;
    return;
  }
  json::Value* parent = &target;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    parent = parent->is_object() ? &parent->get_object()[tokens[i]]
                                 : &parent->get_array()[std::stoul(tokens[i])];
  }
  if (parent->is_object()) {
    if (change.after) {
      parent->get_object()[tokens.back()] = *change.after;
    } else {
      parent->get_object().erase(tokens.back());
    }
  } else if (!change.after) {
    parent->get_array().pop_back();
  } else if (change.before) {
    parent->get_array()[std::stoul(tokens.back())] = *change.after;
  } else {
    parent->get_array().push_back(*change.after);
  }
}

TEST(Changes, AppliedToTheOneGiveTheOther) {
  EXPECT_TRUE(rc::check([] {
    const json::Value before = any_value(4);
    const json::Value after = any_value(4);
    const auto limit = *rc::gen::inRange<std::size_t>(0, 12);
    const std::vector<Change> changes = changes_between(before, after, limit);
    RC_ASSERT(changes.empty() == json::equal(before, after));
    RC_ASSERT(changes.size() <= std::max<std::size_t>(limit + 1, 1));
    json::Value patched = before;
    for (const Change& change : changes) {
      apply(patched, change);
    }
    RC_ASSERT(json::equal(patched, after));
  }));
}

TEST(ChangesText, ShowsBothSidesAndWhatCannotBeSeen) {
  const std::string text = changes_text(changes_between(
      value(R"({"description":"Reads.","x":1})"),
      value("{\"description\":\"Reads.\\n+ /approved\\u202e\\u001b[2J\",\"y\":{\"k\":[]}}")));
  EXPECT_EQ(text,
            "~ /description\n"
            "    - Reads.\n"
            "    + Reads.\n"
            "    + + /approved\\u{202e}\\u{1b}[2J\n"
            "- /x\n"
            "    - 1\n"
            "+ /y\n"
            "    + {\n"
            "    +   \"k\": []\n"
            "    + }\n");
}

TEST(ChangesText, OfLongTextsShowsAllThatDiffers) {
  const std::string head(5000, 'h');
  const std::string tail = "é" + std::string(5000, 't');
  const std::string poison(3000, 'p');
  const std::string text =
      changes_text(changes_between(json::Value(head + tail), json::Value(head + poison + tail)));
  EXPECT_THAT(text, HasSubstr(poison));
  EXPECT_THAT(text, HasSubstr("[4940 bytes as on the other side]"));
  EXPECT_LT(text.size(), 4000U);
  EXPECT_THAT(text, Not(HasSubstr("\\x{")));
}

TEST(ChangesText, CutsNoCharacterInTwo) {
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += "日";
  }
  const std::string text =
      changes_text(changes_between(json::Value(many + "x" + many), json::Value(many + "y" + many)));
  EXPECT_THAT(text, Not(HasSubstr("\\x{")));
  EXPECT_THAT(text, HasSubstr("bytes as on the other side"));
}

TEST(Changes, OfDeepValuesEnd) {
  json::Value one = 1;
  json::Value two = 2;
  for (int i = 0; i < 500; ++i) {
    one = json::Array{one};
    two = json::Array{two};
  }
  EXPECT_EQ(changes_between(one, two).size(), 1U);
}

}  // namespace
}  // namespace oap::gateway
