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

/// Names beside those that an environment lists, asked for when an expression uses them: for worlds
/// that have more names than one expression could want. Used by the thread that compiles.
class NameSource {
 public:
  virtual ~NameSource() = default;
  /// The type of a name, which may be qualified ("steps.build") or a call without arguments
  /// ("success()"); nothing where it means nothing. What has a type becomes the next slot.
  virtual std::optional<Type> type_of(std::string_view name) = 0;
  /// For "did you mean".
  virtual std::vector<std::string> names() const = 0;
  /// Better words than "unknown name" for a name that has no type; or "".
  virtual std::string why_not(std::string_view name) const = 0;
};

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

  /// The source must outlive all compiling with this environment, which adds variables then. Words
  /// that CEL keeps for later may be names of it.
  void set_source(NameSource* source) { source_ = source; }
  NameSource* source() const { return source_; }

  const std::vector<Variable>& variables() const { return variables_; }
  std::optional<std::uint32_t> slot(std::string_view name) const;
  const FunctionEntry* function(std::string_view name, bool method) const;
  std::vector<std::string> function_names(bool method) const;
  /// A name as written (with a dot in front where it is absolute) with each namespace that it may
  /// mean, the innermost first.
  std::vector<std::string> candidates(std::string_view name) const;
  std::shared_ptr<const Library> own_functions() const { return own_; }

 private:
  mutable std::vector<Variable> variables_;
  mutable std::map<std::string, std::uint32_t, std::less<>> slots_;
  NameSource* source_ = nullptr;
  std::shared_ptr<const Library> own_ = std::make_shared<const Library>();
  std::string container_;
};

}  // namespace oap::expr
