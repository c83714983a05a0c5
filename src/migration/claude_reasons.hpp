#pragma once

#include <string_view>

namespace oap::migration {

/// Why a key of Claude Code's settings stays behind, for a person. Pure.
std::string_view reason_for(std::string_view key);

}  // namespace oap::migration
