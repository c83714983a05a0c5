#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "expr/environment.hpp"
#include "expr/program.hpp"
#include "json/value.hpp"

namespace oap::expr {

struct TemplateOptions {
  /// `${name}` and `${name.member}` are variables too (the seeds' form); otherwise they are text,
  /// as a shell has them.
  bool dollar_names = false;
};

/// A text with `${{ expression }}` in it. Alone, the expression's value keeps its type; with text
/// around it, values are written into the text: strings as they are, null as nothing, lists and
/// maps as JSON, anything else as `string(x)` has it. One pass: what a value holds is never read as
/// a template. `$${{` and, where names count, `$${` are the text without the first dollar.
/// Immutable and thread-safe; shares its body.
class Template {
 public:
  /// kInvalidArgument with line, column and caret in the template.
  static Result<Template> compile(std::string_view source, const Environment& environment,
                                  const TemplateOptions& options = {});

  /// The value; it is tainted where anything secret went into it. What its expressions gave that is
  /// secret is appended to `secrets`, without the text around it. Errors as Program::evaluate.
  Result<Value> evaluate(std::span<const Value> variables, const Limits& limits = {},
                         json::Array* secrets = nullptr) const;

  /// True where there is nothing to compute.
  bool is_literal() const;
  /// The static type: of a text string, of one expression alone its own.
  Type type() const;
  /// Slots of the variables that it names, ascending.
  std::vector<std::uint32_t> used_slots() const;

 private:
  struct Body;
  explicit Template(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

/// JSON data in which each string, not the keys, is a template.
class JsonTemplate {
 public:
  static Result<JsonTemplate> compile(const json::Value& data, const Environment& environment,
                                      const TemplateOptions& options = {});

  struct Rendered {
    json::Value data;
    bool tainted = false;  ///< something secret went into it
    json::Array secrets;   ///< what of it is secret, as Template::evaluate has it
  };
  Result<Rendered> evaluate(std::span<const Value> variables, const Limits& limits = {}) const;
  std::vector<std::uint32_t> used_slots() const;

 private:
  struct Body;
  explicit JsonTemplate(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

/// Offset of the `}}` that ends the expression which begins at `begin`: the first one outside its
/// strings and brackets. kInvalidArgument with the place where there is none. Pure.
Result<std::size_t> expression_end(std::string_view source, std::size_t begin);

}  // namespace oap::expr
