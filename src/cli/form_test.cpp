#include "cli/form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

FormField field(const std::string& schema, bool required = false) {
  const std::string whole = R"({"type":"object","properties":{"f":)" + schema + "}" +
                            (required ? R"(,"required":["f"]})" : "}");
  return form_fields(json::parse_object(whole).value()).value().at(0);
}

/// The value as JSON, "nothing", or "! why not".
std::string typed(const FormField& field, std::string_view text) {
  const auto value = read_field(field, text);
  if (!value) {
    return "! " + value.error().message();
  }
  return *value ? json::print(**value) : "nothing";
}

TEST(Form, TextNumbersAndYes) {
  EXPECT_EQ(typed(field(R"({"type":"string"})"), " a b "), R"("a b")");
  EXPECT_EQ(typed(field(R"({"type":"integer"})"), "7"), "7");
  EXPECT_EQ(typed(field(R"({"type":"number"})"), "2.50"), "2.5");
  EXPECT_THAT(typed(field(R"({"type":"integer"})"), "2.5"), HasSubstr("! "));
  EXPECT_THAT(typed(field(R"({"type":"integer"})"), "seven"), HasSubstr("a whole number"));
  EXPECT_EQ(typed(field(R"({"type":"boolean"})"), "Yes"), "true");
  EXPECT_EQ(typed(field(R"({"type":"boolean"})"), "n"), "false");
  EXPECT_THAT(typed(field(R"({"type":"boolean"})"), "perhaps"), HasSubstr("yes or no"));
}

TEST(Form, AnEmptyLineIsTheDefaultOrNothing) {
  EXPECT_EQ(typed(field(R"({"type":"string","default":"x"})", true), ""), R"("x")");
  EXPECT_EQ(typed(field(R"({"type":"string"})"), ""), "nothing");
  EXPECT_THAT(typed(field(R"({"type":"string"})", true), "  "), HasSubstr("needed"));
}

TEST(Form, ChoicesByNumberNameOrTitle) {
  const FormField plain = field(R"({"type":"string","enum":["red","green"]})");
  EXPECT_EQ(typed(plain, "2"), R"("green")");
  EXPECT_EQ(typed(plain, "red"), R"("red")");
  EXPECT_THAT(typed(plain, "3"), HasSubstr("from 1 to 2"));
  const FormField named =
      field(R"({"type":"string","enum":["r","g"],"enumNames":["Red","Green"]})");
  EXPECT_EQ(typed(named, "Green"), R"("g")");
  const FormField titled =
      field(R"({"type":"string","oneOf":[{"const":"r","title":"Red"},{"const":"g","title":"G"}]})");
  EXPECT_EQ(typed(titled, "1"), R"("r")");
  const FormField many =
      field(R"({"type":"array","items":{"type":"string","enum":["a","b","c"]},"maxItems":2})");
  EXPECT_EQ(typed(many, "1, c, 1"), R"(["a","c"])");
  EXPECT_THAT(typed(many, "1,2,3"), HasSubstr("! "));
  const FormField many_titled =
      field(R"({"type":"array","items":{"anyOf":[{"const":"a","title":"First"}]}})");
  EXPECT_EQ(typed(many_titled, "First"), R"(["a"])");
}

TEST(Form, TheFieldsOwnRulesHold) {
  EXPECT_THAT(typed(field(R"({"type":"string","format":"email"})"), "nobody"), HasSubstr("! "));
  EXPECT_EQ(typed(field(R"({"type":"string","format":"email"})"), "a@b.example"),
            R"("a@b.example")");
  EXPECT_THAT(typed(field(R"({"type":"integer","minimum":3})"), "2"), HasSubstr("! "));
  EXPECT_THAT(typed(field(R"({"type":"string","maxLength":2})"), "abc"), HasSubstr("! "));
}

TEST(Form, WhatNoFormMayHaveIsRefused) {
  for (const char* schema :
       {R"({"properties":{"f":{"type":"object"}}})", R"({"properties":{"f":{"type":"array"}}})"}) {
    EXPECT_FALSE(form_fields(json::parse_object(schema).value())) << schema;
  }
  EXPECT_TRUE(form_fields({}).value().empty());
}

TEST(Form, ThePromptShowsWhatIsAskedAndHidesNothing) {
  const FormField one = field("{\"type\":\"string\",\"title\":\"Na\u202eme\",\"default\":\"you\"}");
  EXPECT_THAT(field_prompt(one), HasSubstr("\\u{202e}"));
  EXPECT_THAT(field_prompt(one), Not(HasSubstr("\u202e")));
  EXPECT_THAT(field_prompt(one), HasSubstr("Enter: you"));
  EXPECT_THAT(field_prompt(field(R"({"type":"string","enum":["red"]})")), HasSubstr("1. red"));
}

}  // namespace
}  // namespace oap::cli
