#include "workflow/definition/expression.hpp"

#include <algorithm>

#include <boost/container/small_vector.hpp>

#include "expr/condition.hpp"
#include "expr/convert_json.hpp"
#include "workflow/definition/expression_body.hpp"

namespace oap::workflow {
namespace {

using Values = boost::container::small_vector<expr::Value, 8>;

Values ask(const Scope& scope, const std::vector<Name>& names,
           const std::vector<std::uint32_t>& slots) {
  Values asked;
  asked.reserve(names.size());
  for (const Name& name : names) {
    Result<expr::Value> value = scope.value(name);
    asked.push_back(value ? *std::move(value)
                          : expr::Value::error(value.error().code(), value.error().message()));
    if (name.kind == Name::Kind::kSecret || name.kind == Name::Kind::kSecretInput) {
      asked.back().taint();
    }
  }
  Values out;
  out.reserve(slots.size());
  for (const std::uint32_t slot : slots) {
    out.push_back(slot == UINT32_MAX ? expr::Value::boolean(true) : asked[slot]);
  }
  return out;
}

Result<Rendered> as_json(const Result<expr::Value>& value, json::Array secrets) {
  if (!value) {
    return fail(value.error());
  }
  OAP_TRY(json::Value data, expr::to_json(*value, 100'000));
  return Rendered{std::move(data), value->tainted(), std::move(secrets)};
}

}  // namespace

Expression::Expression() = default;
Expression::Expression(std::shared_ptr<const Body> body) : body_(std::move(body)) {}

bool Expression::is_literal() const {
  return body_ == nullptr || std::holds_alternative<json::Value>(body_->code);
}

const std::vector<Name>& Expression::names() const {
  static const std::vector<Name> kNone;
  return body_ == nullptr ? kNone : body_->names;
}

bool Expression::uses(Name::Kind kind) const {
  return std::any_of(names().begin(), names().end(),
                     [kind](const Name& name) { return name.kind == kind; });
}

bool Expression::uses_secret() const {
  return uses(Name::Kind::kSecret) || uses(Name::Kind::kSecretInput);
}

bool Expression::asks_status() const {
  const bool always = body_ != nullptr && std::find(body_->slots.begin(), body_->slots.end(),
                                                    Body::kAlways) != body_->slots.end();
  return always || uses(Name::Kind::kSuccess) || uses(Name::Kind::kFailure) ||
         uses(Name::Kind::kCancelled);
}

Result<Rendered> Expression::render(const Scope& scope) const {
  if (body_ == nullptr) {
    return Rendered{};
  }
  if (const auto* literal = std::get_if<json::Value>(&body_->code)) {
    return Rendered{*literal, false, {}};
  }
  const Values values = ask(scope, body_->names, body_->slots);
  const std::span<const expr::Value> given(values.data(), values.size());
  if (const auto* program = std::get_if<expr::Program>(&body_->code)) {
    const Result<expr::Value> value = program->evaluate(given);
    json::Array secrets;
    if (value) {
      expr::add_secrets(*value, secrets);
    }
    return as_json(value, std::move(secrets));
  }
  if (const auto* text = std::get_if<expr::Template>(&body_->code)) {
    json::Array secrets;
    const Result<expr::Value> value = text->evaluate(given, {}, &secrets);
    return as_json(value, std::move(secrets));
  }
  OAP_TRY(expr::JsonTemplate::Rendered data,
          std::get<expr::JsonTemplate>(body_->code).evaluate(given));
  return Rendered{std::move(data.data), data.tainted, std::move(data.secrets)};
}

Result<bool> Expression::holds(const Scope& scope) const {
  if (body_ != nullptr) {
    if (const auto* program = std::get_if<expr::Program>(&body_->code)) {
      const Values values = ask(scope, body_->names, body_->slots);
      return expr::holds(*program, std::span<const expr::Value>(values.data(), values.size()));
    }
  }
  return fail(Code::kInternal, "an expression that is no condition was asked whether it holds");
}

}  // namespace oap::workflow
