#pragma once

#include <string_view>

namespace oap::hosts {

/// The text of a file of integrations/opencode/src, by its base name; empty where there is none.
/// Static.
std::string_view embedded(std::string_view name);

}  // namespace oap::hosts
