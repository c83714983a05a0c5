#pragma once

#include <string_view>

namespace oap::cli {

std::string_view version();

}  // namespace oap::cli
