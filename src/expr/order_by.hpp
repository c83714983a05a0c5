#pragma once

#include <utility>
#include <vector>

#include "expr/budget.hpp"
#include "expr/value.hpp"

namespace oap::expr {

/// The list of the second values in the order of the first ones, equals as they came; an error
/// value where the keys are not of one kind that has an order. Pure.
Value order_by(std::vector<std::pair<Value, Value>> keyed, Budget& budget);

}  // namespace oap::expr
