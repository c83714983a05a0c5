#pragma once

#include <string_view>

namespace oap::config {

/// The text of a file in config/schemas, by its base name; empty where there is none.
std::string_view embedded(std::string_view name);

}  // namespace oap::config
