#pragma once

#include <string_view>

namespace oap::orchestration {

/// The text of a file embedded at build time (prompts and schemas); empty for an unknown name.
std::string_view embedded(std::string_view name);

}  // namespace oap::orchestration
