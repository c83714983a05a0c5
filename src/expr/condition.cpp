#include "expr/condition.hpp"

#include <optional>

#include "expr/lexer.hpp"
#include "expr/source.hpp"
#include "expr/template.hpp"
#include "text/strings.hpp"

namespace oap::expr {

namespace {

/// Where a condition is `${{ … }}` as a whole: what stands inside.
Result<std::string_view> unwrapped(std::string_view source) {
  const std::string_view trimmed = text::trim(source);
  if (!trimmed.starts_with("${{")) {
    return source;
  }
  const auto begin = static_cast<std::size_t>(trimmed.data() - source.data());
  OAP_TRY(const std::size_t end, expression_end(source, begin + 3));
  if (end + 2 != begin + trimmed.size()) {
    return fail(
        error_at(source, end + 2, "a condition is one expression: nothing may stand behind '}}'"));
  }
  return source.substr(begin + 3, end - begin - 3);
}

Result<void> refuse_quoted_names(std::string_view source) {
  Lexer lexer(source, {.dollar_names = true});
  for (;;) {
    OAP_TRY(const Token token, lexer.next());
    if (token.kind == TokenKind::kEnd) {
      return {};
    }
    if (token.kind == TokenKind::kString && token.text.find("${") != std::string::npos) {
      return fail(error_at(source, token.begin,
                           "${…} in quotes would be that very text; write the variable without "
                           "quotes: ${name} == \"value\""));
    }
  }
}

}  // namespace

Result<Program> compile_condition(std::string_view source, const Environment& environment) {
  OAP_TRY(const std::string_view inside, unwrapped(source));
  CompileOptions options;
  options.parse.dollar_names = true;
  options.result = Type(TypeKind::kBool);
  if (inside.size() <= options.parse.max_bytes) {
    OAP_CHECK_OK(refuse_quoted_names(inside));
  }
  return Program::compile(inside, environment, options);
}

Result<bool> holds(const Program& condition, std::span<const Value> variables,
                   const Limits& limits) {
  OAP_TRY(const Value value, condition.evaluate(variables, limits));
  if (!value.is(Kind::kBool)) {
    return fail(error_at(
        condition.source(), 0,
        "the condition gives " + std::string(type_name(value)) + ", but a bool is wanted"));
  }
  return value.as_bool();
}

}  // namespace oap::expr
