#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace oap::expr {

/// Line and column of a place in a text, both from 1; columns count code points.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// Pure; an offset beyond the end is the end.
Position position_at(std::string_view source, std::size_t offset);

/// kInvalidArgument: "LINE:COLUMN: message", then the line of the source and a caret under the
/// place. Long lines are cut; what a reader cannot see is escaped. Pure.
Error error_at(std::string_view source, std::size_t offset, std::string_view message,
               Code code = Code::kInvalidArgument);

}  // namespace oap::expr
