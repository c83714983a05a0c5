#pragma once

#include <string_view>

namespace oap::expr {

/// A binary operator: how it is written, the name of its call, how tightly it binds.
struct BinaryOperator {
  std::string_view symbol;
  std::string_view name;
  int precedence;
};

inline constexpr int kTernaryPrecedence = 1;
inline constexpr int kOrPrecedence = 2;
inline constexpr int kUnaryPrecedence = 7;
inline constexpr int kMemberPrecedence = 8;

/// Null where there is none. Pure.
const BinaryOperator* binary_by_symbol(std::string_view symbol);
const BinaryOperator* binary_by_name(std::string_view name);

}  // namespace oap::expr
