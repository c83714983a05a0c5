#include "expr/template.hpp"

#include <string>

#include <gmock/gmock.h>

#include "expr/ast.hpp"
#include "expr/condition.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::expr {
namespace {

using testing::HasSubstr;

class Templates : public testing::Test {
 protected:
  Templates() {
    add("name", TypeKind::kString, Value::string("web"));
    add("count", TypeKind::kInt, Value::integer(5));
    add("ok", TypeKind::kBool, Value::boolean(true));
    add("evil", TypeKind::kString, Value::string("${{ token }} ${token} $(rm -rf /)"));
    add("token", TypeKind::kString, Value::string("s3cret").secret());
    add("steps", {}, Value::json(*json::parse(R"({"build":{"out":[1,"a"]},"my-step":{"x":2}})")));
    add("dry-run", TypeKind::kBool, Value::boolean(false));
  }

  void add(std::string text, Type type, Value value) {
    environment.add_variable(std::move(text), std::move(type));
    values.push_back(std::move(value));
  }

  std::string render(std::string_view source, bool names = false) {
    const Result<Template> made = Template::compile(source, environment, {.dollar_names = names});
    if (!made) {
      return "refused: " + made.error().message();
    }
    const Result<Value> value = made->evaluate(values);
    return value ? print(*value) : "error: " + value.error().message();
  }

  std::string decide(std::string_view source) {
    const Result<Program> made = compile_condition(source, environment);
    if (!made) {
      return "refused: " + made.error().message();
    }
    const Result<bool> value = holds(*made, values);
    return value ? (*value ? "true" : "false") : "error: " + value.error().message();
  }

  Environment environment;
  std::vector<Value> values;
};

TEST_F(Templates, AloneAnExpressionKeepsItsType) {
  EXPECT_EQ(render("${{ count }}"), "5");
  EXPECT_EQ(render("${{count + 1}}"), "6");
  EXPECT_EQ(render("${{ ok }}"), "true");
  EXPECT_EQ(render("${{ steps.build.out }}"), "[1, \"a\"]");
  EXPECT_EQ(render("${count}", true), "5");
  EXPECT_EQ(render("${steps.build.out}", true), "[1, \"a\"]");
}

TEST_F(Templates, InTextValuesAreWritten) {
  EXPECT_EQ(render("run ${{ name }} ${{ count }} times: ${{ ok }}"), "\"run web 5 times: true\"");
  EXPECT_EQ(render(" ${{ count }}"), "\" 5\"");
  EXPECT_EQ(render("x=${{ steps.build.out }}"), R"("x=[1,\"a\"]")");
  EXPECT_EQ(render("x=${{ null }}."), "\"x=.\"");
  EXPECT_EQ(render("x=${{ b'a' }}"),
            "error: bytes cannot be put into a text; write string(x) or "
            "base64.encode(x)");
  EXPECT_EQ(render(""), "\"\"");
  EXPECT_EQ(render("plain"), "\"plain\"");
}

TEST_F(Templates, TheEndIsFoundOutsideStringsAndBrackets) {
  EXPECT_EQ(render("${{ {'a': {'b': '}}'}}.a.b }}"), "\"}}\"");
  EXPECT_EQ(render("${{ \"}}\" }}${{ '${{' }}"), "\"}}${{\"");
  EXPECT_THAT(render("${{ count"), HasSubstr("has no '}}' behind it"));
  EXPECT_THAT(render("${{ count }"), HasSubstr("ends with '}}'"));
  EXPECT_THAT(render("${{ }}"), HasSubstr("refused"));
}

TEST_F(Templates, DataIsNeverReadAgain) {
  EXPECT_EQ(render("${{ evil }}"), "\"${{ token }} ${token} $(rm -rf /)\"");
  EXPECT_EQ(render("echo ${{ evil }}"), "\"echo ${{ token }} ${token} $(rm -rf /)\"");
  EXPECT_EQ(render("${evil}!", true), "\"${{ token }} ${token} $(rm -rf /)!\"");
}

TEST_F(Templates, ShellVariablesStayWhereNamesDoNotCount) {
  EXPECT_EQ(render("echo ${HOME} $PATH $((1+1)) ${{ name }}"),
            "\"echo ${HOME} $PATH $((1+1)) web\"");
  EXPECT_EQ(render("$${{ name }}"), "\"${{ name }}\"");
  EXPECT_EQ(render("$${HOME}", true), "\"${HOME}\"");
  EXPECT_EQ(render("costs 5$", true), "\"costs 5$\"");
  EXPECT_THAT(render("${HOME}", true), HasSubstr("unknown name 'HOME'"));
}

TEST_F(Templates, ErrorsAreInTheTemplate) {
  EXPECT_EQ(render("a\nb ${{ nmae }}"),
            "refused: 2:7: unknown name 'nmae' (did you mean 'name'?)\n  b ${{ nmae\n        ^");
}

TEST_F(Templates, SecretsTaint) {
  EXPECT_EQ(render("Bearer ${{ token }}"), "<secret>");
  EXPECT_EQ(render("${{ [token] }}"), "[<secret>]");
  const auto made = JsonTemplate::compile(
      *json::parse(R"({"a":"${{ count }}","b":["x ${{ token }}"]})"), environment);
  ASSERT_TRUE(made);
  const auto rendered = made->evaluate(values);
  ASSERT_TRUE(rendered);
  EXPECT_TRUE(rendered->tainted);
  EXPECT_EQ(json::print(rendered->secrets), R"(["s3cret"])");
  EXPECT_EQ(json::print(rendered->data), R"({"a":5,"b":["x s3cret"]})");
}

TEST_F(Templates, JsonKeepsWhatIsNoTemplate) {
  const auto data =
      *json::parse(R"({"${{ x }}":1,"b":[true,"$5","${{ steps.build }}"],"c":"$${{"})");
  const auto made = JsonTemplate::compile(data, environment);
  ASSERT_TRUE(made);
  const auto rendered = made->evaluate(values);
  ASSERT_TRUE(rendered);
  EXPECT_FALSE(rendered->tainted);
  EXPECT_EQ(json::print(rendered->data),
            R"({"${{ x }}":1,"b":[true,"$5",{"out":[1,"a"]}],"c":"${{"})");
  EXPECT_EQ(made->used_slots(), std::vector<std::uint32_t>{5});
  const auto broken = JsonTemplate::compile(*json::parse(R"({"a":["${{ 1 + }}"]})"), environment);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().to_string(), HasSubstr("/a/0: 1:9"));
}

TEST_F(Templates, Conditions) {
  EXPECT_EQ(decide("count > 3 && ok"), "true");
  EXPECT_EQ(decide("${{ count > 3 }}"), "true");
  EXPECT_EQ(decide(" ${{ {'a': {'b': true}}.a.b }} "), "true");
  EXPECT_EQ(decide("${count} > 3 && ${name} == \"web\""), "true");
  EXPECT_EQ(decide("${steps.build.out}.size() == 2"), "true");
  EXPECT_EQ(decide("${steps.my-step.x} == 2"), "true");
  EXPECT_EQ(decide("!${dry-run}"), "true");
  EXPECT_EQ(decide("3 > 5"), "false");
  EXPECT_EQ(decide("3 >= 10"), "false");
  EXPECT_EQ(decide("${evil} == ${name}"), "false");
}

TEST_F(Templates, ConditionsThatAreNoneAreRefused) {
  EXPECT_THAT(decide("count"), HasSubstr("gives int, but bool is wanted"));
  EXPECT_THAT(decide("\"false\""), HasSubstr("gives string, but bool is wanted"));
  EXPECT_THAT(decide("${missing} == 1"), HasSubstr("unknown name 'missing'"));
  EXPECT_THAT(decide("not ok"), HasSubstr("refused"));
  EXPECT_THAT(decide(""), HasSubstr("the expression ends"));
  EXPECT_THAT(decide("${name} == yes"), HasSubstr("unknown name 'yes'"));
  EXPECT_THAT(decide("\"${name}\" == \"web\""), HasSubstr("without quotes"));
  EXPECT_THAT(decide("${{ ok }} && ok"), HasSubstr("nothing may stand behind"));
  EXPECT_THAT(decide("${{ ok"), HasSubstr("no '}}'"));
  EXPECT_THAT(decide("${a b} == 1"), HasSubstr("one variable's name"));
  EXPECT_THAT(decide("${a..b} == 1"), HasSubstr("a name is missing"));
  EXPECT_THAT(decide("steps.build.missing == 1"), HasSubstr("error: "));
  EXPECT_THAT(decide("steps.build.out"), HasSubstr("gives list, but a bool is wanted"));
}

}  // namespace
}  // namespace oap::expr
