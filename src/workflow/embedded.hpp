#pragma once

#include <string_view>

namespace oap::workflow {

/// The bytes of an embedded file; empty where there is none of that name.
std::string_view embedded(std::string_view name);

}  // namespace oap::workflow
