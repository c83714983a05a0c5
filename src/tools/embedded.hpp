#pragma once

#include <string_view>

namespace oap::tools {

/// The text of a tool's description file, e.g. `read_file.md`; empty where there is none.
std::string_view embedded(std::string_view name);

}  // namespace oap::tools
