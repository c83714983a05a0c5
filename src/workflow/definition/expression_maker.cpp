#include <algorithm>

#include "expr/condition.hpp"
#include "expr/convert_json.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"
#include "workflow/definition/expression.hpp"
#include "workflow/definition/expression_body.hpp"

namespace oap::workflow {
namespace {

constexpr std::size_t kMaxText = 1U << 20U;
constexpr std::int64_t kMaxRange = 100'000;

expr::Value parse_json(expr::Args args) {
  if (!args[0]->is(expr::Kind::kString)) {
    return expr::Value::mismatch();
  }
  Result<json::Value> data =
      json::parse(args[0]->text(), {.max_depth = 100, .max_bytes = kMaxText});
  if (!data) {
    return expr::Value::error(Code::kInvalidArgument, "json(text): the text is no JSON");
  }
  return expr::Value::json(*std::move(data));
}

expr::Value print_json(expr::Args args) {
  Result<json::Value> data = expr::to_json(*args[0], 100'000);
  return data ? expr::Value::string(json::print(*data))
              : expr::Value::error(data.error().code(), data.error().message());
}

expr::Value range(expr::Args args) {
  if (!args[0]->is(expr::Kind::kInt)) {
    return expr::Value::mismatch();
  }
  const std::int64_t count = args[0]->as_int();
  if (count < 0 || count > kMaxRange) {
    return expr::Value::error(Code::kInvalidArgument,
                              fmt::format("range(n): n is from 0 to {}", kMaxRange));
  }
  std::vector<expr::Value> items;
  items.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    items.push_back(expr::Value::integer(i));
  }
  return expr::Value::list(std::move(items));
}

const expr::Environment& prototype() {
  static const expr::Environment kEnvironment = [] {
    expr::Environment made;
    static_cast<void>(made.add_function("json(string): dyn", parse_json));
    static_cast<void>(made.add_function("fromJSON(string): dyn", parse_json));
    static_cast<void>(made.add_function("to_json(dyn): string", print_json));
    static_cast<void>(made.add_function("toJSON(dyn): string", print_json));
    static_cast<void>(made.add_function("range(int): list<int>", range));
    return made;
  }();
  return kEnvironment;
}

constexpr expr::TemplateOptions kTemplate{.dollar_names = true};

bool is_word(char c) { return text::is_alpha(c) || text::is_digit(c) || c == '_'; }

/// `steps.build-it.x` as `steps['build-it'].x`: CEL would read a minus. Where that is not what was
/// meant it does not compile either.
std::string quote_dashed(std::string_view source) {
  constexpr std::string_view kRoot = "steps.";
  std::string out;
  for (std::size_t at = 0; at < source.size();) {
    const bool root = source.substr(at).starts_with(kRoot) && (at == 0 || !is_word(source[at - 1]));
    if (!root) {
      out += source[at++];
      continue;
    }
    std::size_t end = at + kRoot.size();
    while (end < source.size() && (is_word(source[end]) || source[end] == '-')) {
      ++end;
    }
    const std::string_view id = source.substr(at + kRoot.size(), end - at - kRoot.size());
    out += id.find('-') == std::string_view::npos ? fmt::format("steps.{}", id)
                                                  : fmt::format("steps['{}']", id);
    at = end;
  }
  return out;
}

std::string dashed(std::string_view source) { return quote_dashed(source); }

json::Value dashed(const json::Value& data) {
  if (data.is_string()) {
    return json::Value(quote_dashed(json::view(data.get_string())));
  }
  json::Value copy = data;
  if (copy.is_array()) {
    for (json::Value& item : copy.get_array()) {
      item = dashed(item);
    }
  } else if (copy.is_object()) {
    for (auto& member : copy.get_object()) {
      member.value() = dashed(member.value());
    }
  }
  return copy;
}

bool same(std::string_view a, std::string_view b) { return a == b; }
bool same(const json::Value& a, const json::Value& b) { return a == b; }

}  // namespace

bool has_template(std::string_view text) { return text.find("${") != std::string_view::npos; }

bool has_template(const json::Value& data) {
  if (data.is_string()) {
    return has_template(json::view(data.get_string()));
  }
  if (data.is_array()) {
    return std::any_of(data.get_array().begin(), data.get_array().end(),
                       [](const json::Value& item) { return has_template(item); });
  }
  if (data.is_object()) {
    return std::any_of(data.get_object().begin(), data.get_object().end(),
                       [](const auto& member) { return has_template(member.value()); });
  }
  return false;
}

/// `compile` gives code and its type from the source and an environment.
template <class Source, class Compile>
Result<Compiled> ExpressionMaker::make(const Source& source, Compile compile) const {
  auto body = std::make_shared<Expression::Body>();
  const auto attempt = [&](const auto& text) -> Result<expr::Type> {
    Names names(world_, spot_, step_);
    expr::Environment environment = prototype();
    environment.set_source(&names);
    OAP_TRY(expr::Type type, compile(text, environment, body->code));
    for (std::optional<Name>& name : names.take()) {
      if (!name) {
        body->slots.push_back(Expression::Body::kAlways);
        continue;
      }
      const auto known = std::find(body->names.begin(), body->names.end(), *name);
      body->slots.push_back(static_cast<std::uint32_t>(known - body->names.begin()));
      if (known == body->names.end()) {
        body->names.push_back(*std::move(name));
      }
    }
    return type;
  };
  Result<expr::Type> type = attempt(source);
  if (!type) {
    const auto other = dashed(source);
    Result<expr::Type> retried = same(other, source) ? type : attempt(other);
    if (!retried) {
      return fail(type.error());
    }
    type = std::move(retried);
  }
  Compiled out{Expression(body), *std::move(type), std::nullopt};
  const auto* program = std::get_if<expr::Program>(&body->code);
  const expr::Value* constant = program == nullptr ? nullptr : program->constant();
  if (constant != nullptr && constant->is(expr::Kind::kBool)) {
    out.constant = constant->as_bool();
  }
  return out;
}

Result<Compiled> ExpressionMaker::condition(std::string_view source) const {
  return make(source,
              [](std::string_view text, const expr::Environment& environment,
                 auto& code) -> Result<expr::Type> {
                OAP_TRY(expr::Program program, expr::compile_condition(text, environment));
                code = std::move(program);
                return expr::Type(expr::TypeKind::kBool);
              });
}

Result<Compiled> ExpressionMaker::text(std::string_view source) const {
  if (!has_template(source)) {
    auto body = std::make_shared<Expression::Body>();
    body->code = json::Value(source);
    return Compiled{Expression(std::move(body)), expr::TypeKind::kString, std::nullopt};
  }
  return make(source,
              [](std::string_view text, const expr::Environment& environment,
                 auto& code) -> Result<expr::Type> {
                OAP_TRY(expr::Template made, expr::Template::compile(text, environment, kTemplate));
                expr::Type type = made.type();
                code = std::move(made);
                return type;
              });
}

Result<Compiled> ExpressionMaker::value(std::string_view source) const {
  if (has_template(source)) {
    return text(source);
  }
  return make(source,
              [](std::string_view text, const expr::Environment& environment,
                 auto& code) -> Result<expr::Type> {
                OAP_TRY(expr::Program program, expr::Program::compile(text, environment));
                expr::Type type = program.type();
                code = std::move(program);
                return type;
              });
}

Result<Compiled> ExpressionMaker::data(const json::Value& source) const {
  if (source.is_string()) {
    return text(json::view(source.get_string()));
  }
  if (!has_template(source)) {
    auto body = std::make_shared<Expression::Body>();
    body->code = source;
    return Compiled{Expression(std::move(body)), {}, std::nullopt};
  }
  return make(source,
              [](const json::Value& data, const expr::Environment& environment,
                 auto& code) -> Result<expr::Type> {
                OAP_TRY(expr::JsonTemplate made,
                        expr::JsonTemplate::compile(data, environment, kTemplate));
                code = std::move(made);
                return expr::Type();
              });
}

Result<Compiled> ExpressionMaker::data(const json::Object& source) const {
  return data(json::Value(source));
}

std::string ExpressionMaker::keep_shell_names(std::string_view source) const {
  std::string out;
  for (std::size_t at = 0; at < source.size();) {
    const std::string_view rest = source.substr(at);
    if (rest.starts_with("$${") || rest.starts_with("${{")) {
      out += rest.substr(0, 3);
      at += 3;
      continue;
    }
    if (rest.starts_with("${")) {
      const std::string_view name = rest.substr(2, rest.find('}') - 2);
      const std::string_view root = name.substr(0, name.find('.'));
      Names names(world_, spot_, step_);
      const bool ours = rest.find('}') != std::string_view::npos &&
                        (names.type_of(root) || root == "steps" || root == "secrets");
      out += ours ? "${" : "$${";
      at += 2;
      continue;
    }
    out += source[at++];
  }
  return out;
}

}  // namespace oap::workflow
