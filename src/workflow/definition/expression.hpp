#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "expr/type.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/names.hpp"

namespace oap::workflow {

/// An expression and what the checker knows of it.
struct Compiled {
  Expression expression;
  expr::Type type;
  std::optional<bool> constant;  ///< of a condition that asks nothing
};

/// Compiles the expressions that stand at one place. Borrows the world. Errors are those of the
/// compiler: line, column, caret.
class ExpressionMaker {
 public:
  ExpressionMaker(World& world, Spot spot, std::optional<StepIndex> step)
      : world_(world), spot_(spot), step_(step) {}

  /// CEL that gives a bool; `${{ }}` around it and `${name}` in it are allowed.
  Result<Compiled> condition(std::string_view source) const;
  /// A text with templates in it.
  Result<Compiled> text(std::string_view source) const;
  /// CEL, or a template where it holds one.
  Result<Compiled> value(std::string_view source) const;
  /// JSON whose strings are templates.
  Result<Compiled> data(const json::Value& source) const;
  Result<Compiled> data(const json::Object& source) const;

  /// `${NAME}` of a shell text that is no variable here is the shell's: escaped as text.
  std::string keep_shell_names(std::string_view source) const;

 private:
  template <class Source, class Compile>
  Result<Compiled> make(const Source& source, Compile compile) const;

  World& world_;
  Spot spot_;
  std::optional<StepIndex> step_;
};

/// True where the text, or a text in the data, holds `${`. Pure.
bool has_template(std::string_view text);
bool has_template(const json::Value& data);

}  // namespace oap::workflow
