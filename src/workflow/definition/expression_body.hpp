#pragma once

#include <variant>
#include <vector>

#include "expr/program.hpp"
#include "expr/template.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {

/// What an Expression shares. `slots` says for each slot of the code which of `names` it is;
/// kAlways: true.
struct Expression::Body {
  static constexpr std::uint32_t kAlways = UINT32_MAX;

  std::variant<json::Value, expr::Program, expr::Template, expr::JsonTemplate> code;
  std::vector<Name> names;
  std::vector<std::uint32_t> slots;
};

}  // namespace oap::workflow
