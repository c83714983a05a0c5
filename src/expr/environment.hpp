#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "expr/library.hpp"
#include "expr/type.hpp"

namespace oap::expr {

/// The names that expressions may use: variables with their types, and functions beside the
/// standard ones. Copies are independent. Not thread-safe while it is built; programs compiled with
/// it keep what they need.
class Environment {
 public:
  struct Variable {
    std::string name;  ///< may be qualified: "request.user"
    Type type;
  };

  /// The slot of the variable: its index in the values given to Program::evaluate. A name that is
  /// known already gets the new type and keeps its slot.
  std::uint32_t add_variable(std::string name, Type type = {});
  /// A function by its signature ("success(): bool", ".path(string): string"), which hides a
  /// standard one of the same name. It must be pure for the time of an evaluation and is called by
  /// any thread that evaluates; its arguments are no errors but may be secret. kInvalidArgument
  /// where the signature is not one.
  Result<void> add_function(std::string_view signature, std::function<Value(Args)> function);
  /// Names are looked up in this namespace first, then in those around it ("a.b": a.b.x, a.x, x).
  void set_container(std::string container) { container_ = std::move(container); }

  const std::vector<Variable>& variables() const { return variables_; }
  std::optional<std::uint32_t> slot(std::string_view name) const;
  const FunctionEntry* function(std::string_view name, bool method) const;
  std::vector<std::string> function_names(bool method) const;
  /// A name as written (with a dot in front where it is absolute) with each namespace that it may
  /// mean, the innermost first.
  std::vector<std::string> candidates(std::string_view name) const;
  std::shared_ptr<const Library> own_functions() const { return own_; }

 private:
  std::vector<Variable> variables_;
  std::map<std::string, std::uint32_t, std::less<>> slots_;
  std::shared_ptr<const Library> own_ = std::make_shared<const Library>();
  std::string container_;
};

}  // namespace oap::expr
