#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "expr/compare.hpp"
#include "expr/program.hpp"
#include "expr/textproto_test.hpp"

// The public test data of cel-spec, which is not part of this repository: all tests that need no
// protobuf messages.

namespace oap::expr {
namespace {

namespace fs = std::filesystem;

/// How many tests of each file pass, at least.
const std::map<std::string, int>& pinned() {
  static const std::map<std::string, int> counts = {
      {"basic", 43},        {"bindings_ext", 8}, {"block_ext", 25},    {"comparisons", 334},
      {"conversions", 109}, {"dynamic", 0},      {"encoders_ext", 4},  {"enums", 0},
      {"fields", 60},       {"fp_math", 30},     {"integer_math", 64}, {"lists", 39},
      {"logic", 30},        {"macros", 44},      {"macros2", 46},      {"math_ext", 199},
      {"namespace", 14},    {"network_ext", 69}, {"optionals", 59},    {"parse", 193},
      {"plumbing", 5},      {"proto2", 0},       {"proto2_ext", 0},    {"proto3", 0},
      {"string", 51},       {"string_ext", 213}, {"timestamps", 78},   {"type_deduction", 26},
      {"unknowns", 0},      {"wrappers", 0},
  };
  return counts;
}

fs::path data_path() {
  const char* shared = std::getenv("OAP_SHARED");
  const fs::path base =
      shared != nullptr ? fs::path(shared) : fs::path(OAP_SOURCE_DIR).parent_path() / "shared";
  return base / "data" / "cel-spec";
}

bool data_is_required() {
  const char* required = std::getenv("OAP_REQUIRE");
  return required != nullptr && std::string(required) == "1";
}

/// What makes a test one about protobuf; "" where nothing does.
std::string protobuf_in(const TextMessage& message) {
  static const std::vector<std::string> fields = {"object_value", "enum_value", "wrapper",
                                                  "message_type"};
  for (const TextMessage::Field& field : message.fields) {
    const bool known = field.scalar == "google.protobuf.Duration" ||
                       field.scalar == "google.protobuf.Timestamp" ||
                       (field.message != nullptr &&
                        (field.message->has("[type.googleapis.com/google.protobuf.Duration]") ||
                         field.message->has("[type.googleapis.com/google.protobuf.Timestamp]")));
    if (!known && std::find(fields.begin(), fields.end(), field.name) != fields.end()) {
      return field.name;
    }
    const std::string inside = field.message != nullptr ? protobuf_in(*field.message) : "";
    if (!inside.empty()) {
      return inside;
    }
  }
  return "";
}

bool needs_protobuf(const TextMessage& test) {
  static const std::vector<std::string> words = {"TestAllTypes",
                                                 "GlobalEnum",
                                                 "NestedEnum",
                                                 "proto.getExt",
                                                 "proto.hasExt",
                                                 "cel.expr.conformance",
                                                 "NestedTestAllTypes",
                                                 "Value{",
                                                 "Struct{",
                                                 "Any{",
                                                 "FieldMask{",
                                                 "Empty{"};
  const std::string expr = test.scalar("expr");
  for (const std::string& word : words) {
    if (expr.find(word) != std::string::npos) {
      return true;
    }
  }
  return test.scalar("container").starts_with("cel.expr.conformance") || !protobuf_in(test).empty();
}

std::string type_text(const TextMessage& type);

std::string param_texts(const std::vector<const TextMessage::Field*>& fields) {
  std::string out;
  for (const TextMessage::Field* field : fields) {
    out += (out.empty() ? "" : ", ") + type_text(*field->message);
  }
  return out;
}

std::string type_text(const TextMessage& type) {
  static const std::map<std::string, std::string> names = {
      {"BOOL", "bool"},           {"INT64", "int"},         {"UINT64", "uint"},
      {"DOUBLE", "double"},       {"STRING", "string"},     {"BYTES", "bytes"},
      {"TIMESTAMP", "timestamp"}, {"DURATION", "duration"}, {"ANY", "dyn"}};
  for (const std::string name : {"primitive", "well_known"}) {
    if (type.has(name)) {
      return names.at(type.scalar(name));
    }
  }
  if (type.has("list_type")) {
    return fmt::format("list<{}>", type_text(type.child("list_type").child("elem_type")));
  }
  if (type.has("map_type")) {
    const TextMessage& map = type.child("map_type");
    return fmt::format("map<{}, {}>", type_text(map.child("key_type")),
                       type_text(map.child("value_type")));
  }
  if (type.has("abstract_type")) {
    const TextMessage& named = type.child("abstract_type");
    return fmt::format("{}<{}>", named.scalar("name"), param_texts(named.all("parameter_types")));
  }
  if (type.has("null")) {
    return "null_type";
  }
  if (type.has("type_param")) {
    return type.scalar("type_param");
  }
  return type.has("message_type") ? type.scalar("message_type") : "dyn";
}

Value value_of(const TextMessage& message);

Value object_of(const TextMessage& message) {
  const auto number = [](const TextMessage& of, const char* name) {
    return of.has(name) ? std::stoll(of.scalar(name)) : 0;
  };
  const TextMessage& duration = message.child("[type.googleapis.com/google.protobuf.Duration]");
  if (message.has("[type.googleapis.com/google.protobuf.Duration]")) {
    return Value::duration(number(duration, "seconds") * 1'000'000'000 + number(duration, "nanos"));
  }
  const TextMessage& instant = message.child("[type.googleapis.com/google.protobuf.Timestamp]");
  return Value::timestamp(
      {number(instant, "seconds"), static_cast<std::int32_t>(number(instant, "nanos"))});
}

Value value_of(const TextMessage& message) {
  const TextMessage::Field& field = message.fields.at(0);
  if (field.name == "bool_value") {
    return Value::boolean(field.scalar == "true");
  }
  if (field.name == "int64_value") {
    return Value::integer(std::stoll(field.scalar));
  }
  if (field.name == "uint64_value") {
    return Value::unsigned_integer(std::stoull(field.scalar));
  }
  if (field.name == "double_value") {
    return Value::real(std::strtod(field.scalar.c_str(), nullptr));
  }
  if (field.name == "string_value") {
    return Value::string(field.scalar);
  }
  if (field.name == "bytes_value") {
    return Value::bytes(field.scalar);
  }
  if (field.name == "type_value") {
    return Value::type(field.scalar);
  }
  if (field.name == "object_value") {
    return object_of(*field.message);
  }
  if (field.name == "list_value") {
    std::vector<Value> items;
    for (const TextMessage::Field* item : field.message->all("values")) {
      items.push_back(value_of(*item->message));
    }
    return Value::list(std::move(items));
  }
  if (field.name == "map_value") {
    std::vector<std::pair<Value, Value>> entries;
    for (const TextMessage::Field* entry : field.message->all("entries")) {
      entries.emplace_back(value_of(entry->message->child("key")),
                           value_of(entry->message->child("value")));
    }
    return Value::map(std::move(entries));
  }
  EXPECT_EQ(field.name, "null_value");
  return Value();
}

/// Equality that also tells 1 from 1u and takes NaN as itself.
bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) {
    return false;
  }
  if (a.is(Kind::kDouble)) {
    return (std::isnan(a.as_double()) && std::isnan(b.as_double())) ||
           a.as_double() == b.as_double();
  }
  if (a.is(Kind::kList) || a.is(Kind::kMap)) {
    bool equal = a.size() == b.size();
    for (std::size_t i = 0; i < a.size() && equal; ++i) {
      equal = a.is(Kind::kList) ? same(a.at(i), b.at(i)) : same(a.value_at(i), b.find(a.key_at(i)));
    }
    return equal;
  }
  Budget budget({});
  return equal(a, b, budget);
}

struct Setting {
  Environment environment;
  std::vector<Value> values;
};

Setting setting_of(const TextMessage& test) {
  Setting setting;
  setting.environment.set_container(test.scalar("container"));
  for (const TextMessage::Field* field : test.all("type_env")) {
    const std::string name = field->message->scalar("name");
    for (const auto* overload : field->message->child("function").all("overloads")) {
      const std::string signature =
          fmt::format("{}({}): {}", name, param_texts(overload->message->all("params")),
                      type_text(overload->message->child("result_type")));
      EXPECT_TRUE(setting.environment.add_function(signature, [](Args /*args*/) {
        return Value::mismatch();
      })) << signature;
    }
    if (field->message->has("ident")) {
      const auto type = Type::parse(type_text(field->message->child("ident").child("type")));
      EXPECT_TRUE(type);
      setting.environment.add_variable(name, type.value_or(Type()));
    }
  }
  for (const TextMessage::Field* field : test.all("bindings")) {
    const std::string name = field->message->scalar("key");
    if (!setting.environment.slot(name)) {
      setting.environment.add_variable(name);
    }
  }
  setting.values.assign(setting.environment.variables().size(), Value::absent());
  for (const TextMessage::Field* field : test.all("bindings")) {
    setting.values[*setting.environment.slot(field->message->scalar("key"))] =
        value_of(field->message->child("value").child("value"));
  }
  return setting;
}

/// "" where the test passes, else what happened.
std::string failure_of(const TextMessage& test) {
  const Setting setting = setting_of(test);
  CompileOptions options;
  options.check = test.scalar("disable_check") != "true";
  options.parse.block_macros = true;
  const Result<Program> program =
      Program::compile(test.scalar("expr"), setting.environment, options);
  const bool wants_error = test.has("eval_error") || test.has("any_eval_errors");
  if (!program) {
    return wants_error ? "" : program.error().message();
  }
  const TextMessage& typed = test.child("typed_result");
  if (typed.has("deduced_type")) {
    const Result<Type> type = Type::parse(type_text(typed.child("deduced_type")));
    if (!type || to_string(*type) != to_string(program->type())) {
      return fmt::format("has type {}", to_string(program->type()));
    }
  }
  if (test.scalar("check_only") == "true") {
    return "";
  }
  const Result<Value> result = program->evaluate(setting.values);
  if (!result) {
    return wants_error ? "" : result.error().message();
  }
  if (wants_error) {
    return "is " + print(*result) + ", not an error";
  }
  const TextMessage& wanted = typed.has("result") ? typed.child("result") : test.child("value");
  const Value expected = wanted.fields.empty() ? Value::boolean(true) : value_of(wanted);
  return same(*result, expected) ? ""
                                 : fmt::format("is {}, not {}", print(*result), print(expected));
}

struct Tally {
  int passed = 0;
  int total = 0;
  int protobuf = 0;
};

Tally run_file(const fs::path& path, std::ostream& failures) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  Tally tally;
  const TextMessage content = parse_textproto(text.str());
  for (const TextMessage::Field* section : content.all("section")) {
    for (const TextMessage::Field* test : section->message->all("test")) {
      if (needs_protobuf(*test->message)) {
        ++tally.protobuf;
        continue;
      }
      ++tally.total;
      const std::string failure = failure_of(*test->message);
      tally.passed += failure.empty() ? 1 : 0;
      if (!failure.empty()) {
        failures << "  " << section->message->scalar("name") << "/" << test->message->scalar("name")
                 << ": " << test->message->scalar("expr") << "\n    " << failure << "\n";
      }
    }
  }
  return tally;
}

TEST(Conformance, CelSpec) {
  if (!fs::exists(data_path() / "basic.textproto")) {
    if (data_is_required()) {
      FAIL() << "the cel-spec data is not at " << data_path();
    }
    GTEST_SKIP() << "the cel-spec data is not at " << data_path();
  }
  Tally sum;
  std::map<std::string, Tally> tallies;
  for (const auto& entry : fs::directory_iterator(data_path())) {
    if (entry.path().extension() != ".textproto") {
      continue;
    }
    std::ostringstream failures;
    const std::string name = entry.path().stem().string();
    const Tally tally = run_file(entry.path(), failures);
    tallies[name] = tally;
    sum = {sum.passed + tally.passed, sum.total + tally.total, sum.protobuf + tally.protobuf};
    std::cout << failures.str();
    const auto least = pinned().find(name);
    EXPECT_TRUE(least != pinned().end()) << name << " is not pinned";
    EXPECT_GE(tally.passed, least == pinned().end() ? 0 : least->second) << name << ":\n"
                                                                         << failures.str();
  }
  for (const auto& [name, tally] : tallies) {
    std::cout << fmt::format("cel-spec {:16} {:4} of {:4}, {:4} need protobuf\n", name,
                             tally.passed, tally.total, tally.protobuf);
  }
  std::cout << fmt::format("cel-spec {:16} {:4} of {:4}, {:4} need protobuf\n", "all", sum.passed,
                           sum.total, sum.protobuf);
}

}  // namespace
}  // namespace oap::expr
