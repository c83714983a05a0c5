#pragma once

#include <string_view>

namespace oap::llm {

/// A file compiled into the program ("models.json"); "" where there is none of that name.
std::string_view embedded(std::string_view name);

}  // namespace oap::llm
