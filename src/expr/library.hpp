#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "expr/budget.hpp"
#include "expr/type.hpp"
#include "expr/value.hpp"

namespace oap::expr {

/// The evaluated arguments of a call, a method's target first; none of them is an error.
using Args = std::span<const Value* const>;
/// A pure function. Gives Value::mismatch() where it has no overload for the kinds of the
/// arguments, an error value where they are wrong, and pays what it costs beyond one step; once the
/// budget is exhausted what it gives does not matter. It need not mind secrets.
using Function = Value (*)(Args args, Budget& budget);

/// One way to call a function. Of a variadic one the last parameter's type is that of the rest.
struct Overload {
  std::vector<Type> params;
  Type result;
  bool variadic = false;
};

struct FunctionEntry {
  std::string name;
  bool method = false;
  Function run = nullptr;  ///< null: an operator, or a function that a caller added
  std::function<Value(Args)> custom;
  std::vector<Overload> overloads;
};

/// A row of a function table: `name(params): result`, with a dot in front for methods, whose first
/// parameter is the target: ".charAt(string, int): string". Types as in Type::parse; `...` behind
/// the last parameter makes it variadic. All rows of one name have the same function.
struct Declaration {
  std::string_view signature;
  Function run;
};

/// Functions by name. Immutable once built; addresses of entries stay.
class Library {
 public:
  /// What CEL has (cel-spec, "List of Standard Definitions") and the extensions optional, strings,
  /// math, lists, encoders and network.
  static const Library& standard();

  /// kInvalidArgument where the signature is not one.
  Result<FunctionEntry*> add(std::string_view signature);
  /// Null where there is none.
  const FunctionEntry* find(std::string_view name, bool method) const;
  std::vector<std::string> names(bool method) const;

 private:
  std::map<std::pair<std::string, bool>, FunctionEntry> entries_;
};

// The tables of the standard library, one a file.
std::span<const Declaration> operator_table();
std::span<const Declaration> conversion_table();
std::span<const Declaration> string_table();
std::span<const Declaration> text_table();
std::span<const Declaration> time_table();
std::span<const Declaration> math_table();
std::span<const Declaration> list_table();
std::span<const Declaration> network_table();

/// An error value of kInvalidArgument.
Value bad(std::string message);

}  // namespace oap::expr
