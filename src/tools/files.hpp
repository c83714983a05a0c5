#pragma once

#include <cstdint>
#include <string_view>

#include "tools/workspace.hpp"

namespace oap::tools {

/// True where the first bytes of a file hold a NUL, as no text does. Pure.
bool is_binary(std::string_view start);

std::int64_t size_of(const OpenFile& file);

/// The largest file that is read as a whole (edit, grep).
inline constexpr std::size_t kMaxWholeFile = 32U << 20U;

}  // namespace oap::tools
