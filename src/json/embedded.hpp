#pragma once

#include <string_view>

namespace oap::json {

/// The text of a file of `json/metaschema/` by its base name; empty where there is none.
std::string_view embedded(std::string_view name);

}  // namespace oap::json
