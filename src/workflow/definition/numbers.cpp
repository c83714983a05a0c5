#include "workflow/definition/numbers.hpp"

#include <cmath>

namespace oap::workflow {
namespace {

constexpr double kExact = 9.0e15;  // whole numbers below it are the same as a double

}  // namespace

void settle_numbers(json::Value& value, const expr::Type& type) {
  if (type.is(expr::TypeKind::kDouble) && (value.is_int64() || value.is_uint64())) {
    value = value.is_int64() ? static_cast<double>(value.get_int64())
                             : static_cast<double>(value.get_uint64());
  } else if (type.is(expr::TypeKind::kInt) && value.is_double()) {
    const double number = value.get_double();
    if (std::trunc(number) == number && std::abs(number) < kExact) {
      value = static_cast<std::int64_t>(number);
    }
  } else if (type.is(expr::TypeKind::kList) && value.is_array()) {
    for (json::Value& item : value.get_array()) {
      settle_numbers(item, type.param(0));
    }
  } else if (type.is(expr::TypeKind::kObject) && value.is_object()) {
    for (auto& member : value.get_object()) {
      if (const expr::Type* declared = type.member(member.key())) {
        settle_numbers(member.value(), *declared);
      }
    }
  } else if (type.is(expr::TypeKind::kMap) && value.is_object()) {
    for (auto& member : value.get_object()) {
      settle_numbers(member.value(), type.param(1));
    }
  }
}

void settle_numbers(json::Value& value, const json::Value& schema) {
  if (!schema.is_null()) {
    settle_numbers(value, expr::Type::from_schema(schema));
  }
}

void settle_variable(json::Value& value, const json::Value* start) {
  if (start != nullptr && start->is_double()) {
    settle_numbers(value, expr::Type(expr::TypeKind::kDouble));
  } else if (start != nullptr && start->is_int64()) {
    settle_numbers(value, expr::Type(expr::TypeKind::kInt));
  }
}

}  // namespace oap::workflow
