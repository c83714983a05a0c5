#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.hpp"
#include "expr/ast.hpp"

namespace oap::expr {

struct ParseOptions {
  std::size_t max_bytes = 64U << 10U;
  std::size_t max_nodes = 20'000;
  std::size_t max_depth = 200;   ///< of brackets, calls and prefixes inside one another
  std::size_t max_height = 500;  ///< of the tree, long chains of `+` too
  bool dollar_names = false;     ///< `${name}` is the variable of that name
  std::size_t begin = 0;         ///< where in the source the expression begins
  bool reserved_names = false;   ///< words that CEL keeps for later ("loop", "as") are names
  bool block_macros = false;     ///< cel.block, cel.index, cel.iterVar, cel.accuVar
};

/// Parses one CEL expression (cel-spec, "Syntax") with the macros has, all, exists, exists_one,
/// map, filter, their two-variable forms, transformList/Map/MapEntry, sortBy, optMap, optFlatMap
/// and cel.bind. Errors are kInvalidArgument, or kResourceExhausted beyond a limit, with line,
/// column and a caret. Pure.
Result<Ast> parse(std::string_view source, const ParseOptions& options = {});

}  // namespace oap::expr
