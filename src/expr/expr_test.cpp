#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "expr/convert_json.hpp"
#include "expr/program.hpp"
#include "expr/time.hpp"
#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::expr {
namespace {

using testing::HasSubstr;

json::Value read(std::string_view text) { return *json::parse(text); }

/// The variables that the head of cases/expr.case names.
struct World {
  World() {
    add("user", TypeKind::kString, Value::string("alice"));
    add("n", TypeKind::kInt, Value::integer(3));
    add("u", TypeKind::kUint, Value::unsigned_integer(7));
    add("risk", TypeKind::kDouble, Value::real(0.25));
    add("ok", TypeKind::kBool, Value::boolean(true));
    add("tags", Type::list(TypeKind::kString), Value::json(read(R"(["a","b"])")));
    add("labels", Type::map(TypeKind::kString, TypeKind::kString),
        Value::json(read(R"({"env":"prod"})")));
    add("now", TypeKind::kTimestamp, Value::timestamp(*parse_timestamp("2026-01-31T12:30:00Z")));
    add("any", {}, Value::json(read(R"({"a":{"b":[1,2.5,"x",null]}})")));
    const Type inputs = Type::from_schema(read(
        R"({"type":"object","properties":{"name":{"type":"string"},"count":{"type":"integer"},)"
        R"("ratio":{"type":"number"},"nested":{"$ref":"#/$defs/n"},"extra":{"type":"string"}},)"
        R"("$defs":{"n":{"type":"object","properties":{"deep":{"type":"string"}}}}})"));
    add("inputs", inputs,
        from_json(read(R"({"name":"web","count":5,"ratio":2,"nested":{"deep":"down"}})"), inputs));
    add("token", TypeKind::kString, Value::string("s3cret").secret());
  }

  void add(std::string name, Type type, Value value) {
    environment.add_variable(std::move(name), std::move(type));
    values.push_back(std::move(value));
  }

  std::string outcome(const std::string& source) const {
    const Result<Program> program = Program::compile(source, environment);
    if (!program) {
      return "refused: " + program.error().message();
    }
    const Result<Value> value = program->evaluate(values);
    return value ? print(*value) : "error: " + value.error().message();
  }

  Environment environment;
  std::vector<Value> values;
};

TEST(Expr, ANegatedCallOfANumberKeepsItsBrackets) {
  for (const std::string source :
       {"-(1.sort())", "-(1.a.b)", "-(1[0])", "-1.sort()", "-x.sort()"}) {
    const auto ast = parse(source);
    ASSERT_TRUE(ast) << source;
    EXPECT_EQ(print(*ast), source);
  }
}

TEST(Expr, Table) {
  std::ifstream file(OAP_SOURCE_DIR "/src/expr/cases/expr.case");
  ASSERT_TRUE(file.is_open());
  const World world;
  std::string line;
  int number = 0;
  int rows = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line.empty() || line.starts_with("# ")) {
      continue;
    }
    const std::size_t arrow = line.rfind(" => ");
    ASSERT_NE(arrow, std::string::npos) << "line " << number;
    const std::string source = text::replace_all(line.substr(0, arrow), "␤", "\n");
    const std::string expected = line.substr(arrow + 4);
    const std::string outcome = world.outcome(source);
    const std::size_t colon = expected.find(": ");
    const bool failure = expected.starts_with("error: ") || expected.starts_with("refused: ");
    EXPECT_EQ(outcome.substr(0, failure ? colon : std::string::npos),
              failure ? expected.substr(0, colon) : expected)
        << "expr.case:" << number << ": " << source << "\n"
        << outcome;
    if (failure) {
      EXPECT_THAT(outcome, HasSubstr(expected.substr(colon + 2)))
          << "expr.case:" << number << ": " << source;
      EXPECT_THAT(outcome, testing::Not(HasSubstr("s3cret"))) << "expr.case:" << number;
    }
    ++rows;
  }
  EXPECT_GE(rows, 240);
}

TEST(Expr, ErrorsShowThePlace) {
  const World world;
  EXPECT_EQ(world.outcome("n == 3 &&\n  usr == \"x\""),
            "refused: 2:3: unknown name 'usr' (did you mean 'user'?)\n"
            "    usr == \"x\"\n"
            "    ^");
  EXPECT_EQ(world.outcome("user + tags[5]"),
            "error: 1:12: the index is outside the list\n  user + tags[5]\n             ^");
  EXPECT_THAT(world.outcome("\"" + std::string(500, 'x') + "\" + usr"), HasSubstr("…"));
}

TEST(Expr, UnknownNamesMayWaitForEvaluation) {
  const World world;
  CompileOptions options;
  options.check = false;
  const Result<Program> program = Program::compile("missing || ok", world.environment, options);
  ASSERT_TRUE(program);
  EXPECT_TRUE(program->evaluate(world.values)->as_bool());
  EXPECT_TRUE(program->type().is(TypeKind::kDyn));
}

TEST(Expr, WantedTypes) {
  const World world;
  CompileOptions options;
  options.result = Type(TypeKind::kBool);
  const Result<Program> wrong = Program::compile("n + 1", world.environment, options);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("gives int, but bool is wanted"));
  EXPECT_TRUE(Program::compile("any.a", world.environment, options));
}

TEST(Expr, UnboundVariablesAreErrors) {
  const World world;
  const Result<Program> program = Program::compile("user == \"x\" || ok", world.environment);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->used_slots(), (std::vector<std::uint32_t>{0, 4}));
  std::vector<Value> values = world.values;
  values[0] = Value::absent();
  EXPECT_TRUE(program->evaluate(values)->as_bool());
  EXPECT_FALSE(program->evaluate({}));
}

TEST(Expr, OwnFunctions) {
  World world;
  int calls = 0;
  ASSERT_TRUE(world.environment.add_function("success(): bool", [&](Args /*args*/) {
    ++calls;
    return Value::boolean(true);
  }));
  ASSERT_TRUE(world.environment.add_function(".shout(string): string", [](Args args) {
    return args[0]->is(Kind::kString) ? Value::string(std::string(args[0]->text()) + "!")
                                      : Value::mismatch();
  }));
  EXPECT_FALSE(world.environment.add_function("broken(", [](Args /*args*/) { return Value(); }));
  EXPECT_EQ(world.outcome("success() && user.shout() == \"alice!\""), "true");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(world.outcome("token.shout()"), "<secret>");
  EXPECT_THAT(world.outcome("succes()"), HasSubstr("did you mean 'success'?"));
  EXPECT_THAT(world.outcome("dyn(1).shout()"), HasSubstr("no such overload"));
}

TEST(Expr, ConstantsAreFolded) {
  const World world;
  const Result<Program> program =
      Program::compile("size([1, 2]) + 1 == 3 ? \"a\" + \"b\" : \"c\"", world.environment);
  ASSERT_TRUE(program);
  ASSERT_NE(program->constant(), nullptr);
  EXPECT_EQ(program->constant()->text(), "ab");
  EXPECT_EQ(Program::compile("n + 1", world.environment)->constant(), nullptr);
  EXPECT_EQ(Program::compile("1 / 0", world.environment)->constant(), nullptr);
}

TEST(Expr, SyntaxLimits) {
  const Environment environment;
  const auto refused = [&](const std::string& source) {
    const Result<Program> program = Program::compile(source, environment);
    return !program && program.error().code() == Code::kResourceExhausted;
  };
  EXPECT_TRUE(refused(std::string(70'000, ' ') + "1"));
  EXPECT_TRUE(refused(std::string(300, '(') + "1" + std::string(300, ')')));
  EXPECT_TRUE(refused(std::string(30'000, '(')));
  EXPECT_TRUE(refused(std::string(30'000, '[')));
  EXPECT_TRUE(refused(std::string(30'000, '!') + "true"));
  EXPECT_TRUE(refused(std::string(30'000, '-') + "x"));
  std::string chain = "1";
  std::string conditional = "1";
  std::string members = "x";
  for (int i = 0; i < 2'000; ++i) {
    chain += "+1";
    conditional += "?1:1";
    members += ".x";
  }
  EXPECT_TRUE(refused(chain));
  EXPECT_TRUE(refused(conditional));
  EXPECT_TRUE(refused(members));
  std::string mixed = "1";
  for (int i = 0; i < 198; ++i) {
    mixed = "a||b&&c==d+e*(" + mixed + ")";
  }
  EXPECT_TRUE(refused(mixed));
  std::string list = "[0";
  std::string logic = "true";
  for (int i = 0; i < 15'000; ++i) {
    list += ",0";
    logic += i < 8'000 ? "&&true" : "";
  }
  EXPECT_TRUE(Program::compile(list + "]", environment));
  EXPECT_TRUE(Program::compile(logic, environment));
}

TEST(Expr, EvaluationLimits) {
  Environment environment;
  environment.add_variable("big");
  std::vector<Value> items(2'000, Value::integer(1));
  const std::vector<Value> values = {Value::list(std::move(items))};
  ASSERT_TRUE(environment.add_function("made(int): dyn", [](Args args) {
    const auto size = static_cast<std::size_t>(args[0]->as_int());
    return size % 2 == 0 ? Value::list(std::vector<Value>(size))
                         : Value::string(std::string(size, 'x'));
  }));
  ASSERT_TRUE(environment.add_function("seen(string): bool",
                                       [](Args /*args*/) { return Value::boolean(true); }));
  const auto exhausted = [&](const std::string& source) {
    const Result<Program> program = Program::compile(source, environment);
    EXPECT_TRUE(program) << source;
    const Result<Value> value = program->evaluate(values);
    return !value && value.error().code() == Code::kResourceExhausted;
  };
  EXPECT_TRUE(exhausted("big.all(a, big.all(b, big.all(c, true)))"));
  EXPECT_TRUE(exhausted("big.map(a, big.map(b, big)).size() > 0 || true"));
  EXPECT_TRUE(exhausted("true || false ? big.all(a, big.exists(b, b == 2) || true) : true"));
  EXPECT_TRUE(exhausted("lists.range(9000000000).size() > 0"));
  EXPECT_TRUE(exhausted("big.all(a, made(20000).size() > 0)"));
  EXPECT_TRUE(exhausted("big.all(a, made(20001).size() > 0)"));
  EXPECT_TRUE(exhausted("cel.bind(s, made(200001), big.all(a, seen(s)))"));
  std::string doubling = "a0";
  std::string comparing = "a0 == b0";
  std::string listing = "a0";
  for (int i = 0; i <= 30; ++i) {
    doubling = fmt::format("cel.bind(a{}, a{} + a{}, {})", i, i + 1, i + 1, doubling);
    comparing = fmt::format("cel.bind(a{0}, [a{1}, a{1}], cel.bind(b{0}, [b{1}, b{1}], {2}))", i,
                            i + 1, comparing);
    listing = fmt::format("cel.bind(a{}, [a{}, a{}], {})", i, i + 1, i + 1, listing);
  }
  EXPECT_TRUE(exhausted(fmt::format("cel.bind(a31, \"xxxxxxxxxxxxxxxx\", {})", doubling)));
  EXPECT_TRUE(exhausted(fmt::format("cel.bind(a31, 1, cel.bind(b31, 1, {}))", comparing)));
  const Result<Program> shared =
      Program::compile(fmt::format("cel.bind(a31, 1, {})", listing), environment);
  ASSERT_TRUE(shared);
  const Result<Value> value = shared->evaluate(values);
  ASSERT_TRUE(value);
  EXPECT_FALSE(to_json(*value));
  EXPECT_LT(print(*value).size(), 5'000U);
  EXPECT_EQ(value->detached().size(), 2U);
}

TEST(Expr, ValuesAreNotNestedWithoutBound) {
  const Environment environment;
  std::string source = "x";
  for (int i = 0; i < 120; ++i) {
    source = fmt::format("cel.bind(x, [[[[[[[[[[x]]]]]]]]]], {})", source);
  }
  const Result<Program> program =
      Program::compile(fmt::format("cel.bind(x, 1, {})", source), environment);
  ASSERT_TRUE(program);
  const Result<Value> value = program->evaluate({});
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message(), HasSubstr("nested too deep"));
}

TEST(Expr, ResultsOutliveTheProgram) {
  Result<Value> value = Value();
  {
    const Environment environment;
    value = Program::compile("[\"abc\", \"def\"].map(x, x)", environment)->evaluate({});
  }
  ASSERT_TRUE(value);
  EXPECT_EQ(print(*value), "[\"abc\", \"def\"]");
}

TEST(Expr, BorrowedDataCanBeDetached) {
  Environment environment;
  environment.add_variable("data");
  Value kept;
  {
    const json::Value data = read(R"({"a":["x",{"b":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}]})");
    const std::vector<Value> values = {Value::borrowed_json(data)};
    const Result<Value> value =
        Program::compile("[data.a, data.a[1].b]", environment)->evaluate(values);
    ASSERT_TRUE(value);
    kept = value->detached();
  }
  EXPECT_EQ(
      print(kept),
      R"([["x", {"b": "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}], "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"])");
}

TEST(Expr, TypesFromSchemas) {
  const auto type = [](std::string_view schema) {
    return to_string(Type::from_schema(read(schema)));
  };
  EXPECT_EQ(type(R"({"type":"array","items":{"type":"integer"}})"), "list<int>");
  EXPECT_EQ(type(R"({"type":"object","additionalProperties":{"type":"number"}})"),
            "map<string, double>");
  EXPECT_EQ(type(R"({"type":"object","properties":{"a":{"enum":["x","y"]}}})"), "{a: string}");
  EXPECT_EQ(type(R"({"properties":{"a":{"const":1}},"additionalProperties":true})"), "{a: int, …}");
  EXPECT_EQ(type(R"({"type":["string","null"]})"), "dyn");
  EXPECT_EQ(type(R"({"anyOf":[{"type":"string"}]})"), "dyn");
  EXPECT_EQ(type(R"({"$ref":"#"})"), "dyn");
  EXPECT_EQ(type("true"), "dyn");
}

}  // namespace
}  // namespace oap::expr
