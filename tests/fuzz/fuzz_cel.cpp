#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "expr/condition.hpp"
#include "expr/convert_json.hpp"
#include "expr/parser.hpp"
#include "expr/program.hpp"
#include "expr/template.hpp"
#include "json/parse.hpp"

namespace {

using namespace oap;
using namespace oap::expr;

constexpr Limits kLimits{.steps = 20'000, .memory = 1U << 20U};

void check_print(std::string_view source) {
  const Result<Ast> first = parse(source);
  if (!first) {
    return;
  }
  const std::string printed = print(*first);
  ParseOptions wide;
  wide.max_bytes = SIZE_MAX;
  wide.max_depth = 1'000;
  const Result<Ast> second = parse(printed, wide);
  if (!second || print(*second) != printed) {
    std::abort();
  }
}

void check_result(const Result<Value>& value) {
  if (!value) {
    return;
  }
  static_cast<void>(print(*value));
  static_cast<void>(to_json(*value, 10'000));
  static_cast<void>(value->detached());
}

}  // namespace

// The first byte chooses: unchecked, a condition, or a template; a NUL parts the expression from
// JSON data, which is the variable "data".
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = std::min(input.find('\0'), input.size());
  const std::string_view source = input.substr(0, cut);
  const Result<json::Value> json =
      json::parse(input.substr(std::min(cut + 1, input.size())), {.max_depth = 64});
  const json::Value document = json ? *json : json::Value();

  Environment environment;
  environment.add_variable("data");
  environment.add_variable("user", TypeKind::kString);
  environment.add_variable("l", Type::list(TypeKind::kInt));
  const std::vector<Value> values = {
      Value::borrowed_json(document), Value::borrowed_string("alice").secret(),
      Value::list({Value::integer(1), Value::integer(2), Value::integer(3)})};

  check_print(source);
  CompileOptions unchecked;
  unchecked.check = (data[0] & 1U) != 0;
  const Result<Program> program = Program::compile(source, environment, unchecked);
  if (program) {
    check_result(program->evaluate(values, kLimits));
  }
  if (const Result<Program> condition = compile_condition(source, environment)) {
    static_cast<void>(holds(*condition, values, kLimits));
  }
  const TemplateOptions names{.dollar_names = (data[0] & 2U) != 0};
  if (const Result<Template> made = Template::compile(source, environment, names)) {
    check_result(made->evaluate(values, kLimits));
  }
  return 0;
}
