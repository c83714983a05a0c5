#pragma once

#include <string_view>

namespace oap::store {

/// The text of a file that is built into the program; empty where there is none of this name.
std::string_view embedded(std::string_view name);

}  // namespace oap::store
