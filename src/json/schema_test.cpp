#include "json/schema.hpp"

#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "json/schema_format.hpp"

namespace oap::json {
namespace {

using testing::HasSubstr;

Schema compiled(std::string_view text, const Schema::Options& options = {}) {
  Result<Schema> schema = Schema::compile(*parse(text), options);
  EXPECT_TRUE(schema) << text << (schema ? "" : schema.error().message());
  return *schema;
}

std::string first(const Schema& schema, std::string_view instance) {
  const auto violations = schema.validate(*parse(instance));
  return violations.empty() ? "valid" : violations[0].message;
}

/// One line of cases/schema.case that stands below a schema.
void check_line(const Result<Schema>& schema, std::string_view line, const std::string& where) {
  const std::size_t space = line.find(' ');
  const std::string_view verb = line.substr(0, space);
  std::string_view rest = line.substr(space + 1);
  if (verb == "refused") {
    ASSERT_FALSE(schema) << where;
    EXPECT_THAT(schema.error().message(), HasSubstr(std::string(rest))) << where;
    EXPECT_EQ(schema.error().code(), Code::kInvalidArgument) << where;
    return;
  }
  ASSERT_TRUE(schema) << where << schema.error().message();
  std::string_view keyword;
  std::string_view path;
  if (verb == "invalid") {
    keyword = rest.substr(0, rest.find(' '));
    rest.remove_prefix(keyword.size() + 1);
    path = rest.substr(0, rest.find(' '));
    rest.remove_prefix(path.size() + 1);
  }
  const Result<Value> instance = parse(rest);
  ASSERT_TRUE(instance) << where << instance.error().message();
  const auto violations = schema->validate(*instance);
  EXPECT_EQ(schema->is_valid(*instance), violations.empty()) << where;
  ASSERT_EQ(violations.empty(), verb == "valid")
      << where << (violations.empty() ? "" : violations[0].message);
  if (!violations.empty()) {
    const std::string found = violations[0].keyword.empty() ? "false" : violations[0].keyword;
    EXPECT_EQ(found, keyword) << where << violations[0].message;
    EXPECT_EQ(violations[0].instance_path, path == "-" ? "" : path) << where;
  }
}

TEST(Schema, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/json/cases/schema.case");
  ASSERT_TRUE(file.is_open());
  Result<Schema> schema = fail(Code::kInternal, "no schema line yet");
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string where = "schema.case:" + std::to_string(number) + ": ";
    if (line.empty() || line[0] == '#') {
      continue;
    }
    if (line.starts_with("schema ")) {
      const Result<Value> value = parse(line.substr(7));
      ASSERT_TRUE(value) << where << value.error().message();
      schema = Schema::compile(*value);
      continue;
    }
    check_line(schema, line, where);
  }
  EXPECT_GT(number, 100);
}

TEST(Schema, MessagesAreForPeople) {
  const Schema schema = compiled(R"({"type":"object","properties":{"name":{"type":"string"},
      "level":{"enum":["low","high"]},"n":{"anyOf":[{"type":"string"},{"minimum":3}]}},
      "required":["name"],"additionalProperties":false})");
  EXPECT_EQ(first(schema, "{}"), "the member 'name' is missing");
  EXPECT_EQ(first(schema, R"({"name":1})"), "expected a string, found an integer");
  EXPECT_EQ(first(schema, R"({"name":"a","nmae":1})"),
            "the member 'nmae' is not allowed (did you mean 'name'?)");
  EXPECT_EQ(first(schema, R"({"name":"a","level":"mid"})"),
            "must be one of \"low\", \"high\", found \"mid\"");
  EXPECT_EQ(first(schema, R"({"name":"a","n":1})"),
            "matches none of the 2 alternatives; nearest: /n: must be at least 3, found 1");
  const auto violations = schema.validate(*parse(R"({"name":"a","level":"mid"})"));
  EXPECT_EQ(violations[0].schema_path, "/properties/level/enum");
}

TEST(Schema, ListsViolationsUpToTheLimit) {
  const Schema schema = compiled(R"({"items":{"type":"string"}})");
  EXPECT_EQ(schema.validate(*parse("[1,2,3]")).size(), 3U);
  EXPECT_EQ(schema.validate(*parse("[1,2,3]"), 2).size(), 2U);
  EXPECT_EQ(schema.validate(*parse("[1,2,3]"), 0).size(), 1U);
}

TEST(Schema, FindsGivenDocuments) {
  const std::map<std::string, Value, std::less<>> known = {
      {"https://example.com/a.json",
       *parse(R"({"$defs":{"n":{"type":"integer"}},"$ref":"b.json"})")},
      {"https://example.com/b.json", *parse(R"({"minimum":3})")},
  };
  Schema::Options options;
  options.documents = [&known](std::string_view uri) {
    const auto found = known.find(uri);
    return found == known.end() ? nullptr : &found->second;
  };
  const Schema schema = compiled(R"({"$ref":"https://example.com/a.json"})", options);
  EXPECT_EQ(first(schema, "3"), "valid");
  EXPECT_EQ(first(schema, "2"), "must be at least 3, found 2");
  EXPECT_EQ(schema.validate(*parse("2"))[0].schema_path, "https://example.com/b.json#/minimum");
  const Schema part = compiled(R"({"$ref":"https://example.com/a.json#/$defs/n"})", options);
  EXPECT_EQ(first(part, "\"x\""), "expected an integer, found a string");
}

TEST(Schema, EndlessReferencesAreViolationsNotCrashes) {
  for (const std::string_view text :
       {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})", R"({"not":{"$ref":"#"}})",
        R"({"anyOf":[true,{"$ref":"#"}],"oneOf":[{"$ref":"#"}]})", R"({"if":{"$ref":"#"}})",
        R"({"$dynamicAnchor":"x","$dynamicRef":"#x"})",
        R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})",
        R"({"not":{"not":{"not":{"$ref":"#"}}}})"}) {
    const Schema schema = compiled(text);
    EXPECT_FALSE(schema.is_valid(Value(1))) << text;
    EXPECT_THAT(first(schema, "1"), HasSubstr("deeper than 256")) << text;
  }
}

TEST(Schema, ExponentialSchemasAreCutOff) {
  std::string defs = R"("d0":{"type":"integer"})";
  for (int i = 1; i <= 60; ++i) {
    const std::string below = R"({"$ref":"#/$defs/d)" + std::to_string(i - 1) + "\"}";
    defs += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + below + "," + below + "]}";
  }
  Schema::Options options;
  options.max_steps = 100'000;
  const Schema schema = compiled("{\"$defs\":{" + defs + R"(},"$ref":"#/$defs/d60"})", options);
  EXPECT_THAT(first(schema, "1"), HasSubstr("too many steps"));
  EXPECT_FALSE(schema.is_valid(Value(1)));
}

TEST(Schema, LongChainsCompile) {
  std::string defs = R"("d0":{"type":"integer"})";
  for (int i = 1; i <= 5000; ++i) {
    defs += ",\"d" + std::to_string(i) + R"(":{"$ref":"#/$defs/d)" + std::to_string(i - 1) + "\"}";
  }
  EXPECT_FALSE(compiled("{\"$defs\":{" + defs + R"(},"$ref":"#/$defs/d5000"})").is_valid(Value(1)));
}

TEST(Schema, ManyItemsAreComparedQuickly) {
  Array items;
  for (int i = 0; i < 100'000; ++i) {
    items.push_back(Object{{"n", i}});
  }
  const Schema schema = compiled(R"({"uniqueItems":true})");
  EXPECT_TRUE(schema.is_valid(items));
  items.push_back(Object{{"n", 5.0}});
  EXPECT_FALSE(schema.is_valid(items));
}

TEST(Schema, FormatsAreAnnotationsUnlessAsserted) {
  EXPECT_TRUE(compiled(R"({"format":"ipv4"})").is_valid(Value("x")));
  Schema::Options options;
  options.assert_formats = true;
  EXPECT_EQ(first(compiled(R"({"format":"ipv4"})", options), "\"1.2.3.256\""),
            "must be a valid ipv4, found \"1.2.3.256\"");
  EXPECT_TRUE(compiled(R"({"format":"unheard-of"})", options).is_valid(Value("x")));
  EXPECT_TRUE(compiled(R"({"format":"ipv4"})", options).is_valid(Value(1)));
}

TEST(Schema, FormatCases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/json/cases/format.case");
  ASSERT_TRUE(file.is_open());
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') {
      continue;
    }
    const std::size_t one = line.find('\t');
    const std::size_t two = line.find('\t', one + 1);
    ASSERT_NE(two, std::string::npos) << "format.case:" << number;
    const FormatCheck check = find_format(line.substr(0, one));
    ASSERT_NE(check, nullptr) << "format.case:" << number;
    EXPECT_EQ(check(line.substr(two + 1)), line.substr(one + 1, two - one - 1) == "yes")
        << "format.case:" << number << ": " << line;
  }
  EXPECT_GT(number, 60);
}

}  // namespace
}  // namespace oap::json
