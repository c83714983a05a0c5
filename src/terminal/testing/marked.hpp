#pragma once

#include <string>
#include <string_view>

#include "terminal/style.hpp"

namespace oap::terminal::testing {

/// A line as the case files write it: "{bC:text}" where it has a look.
std::string marked(const Line& line);
/// "\e", "\xNN" and "\\" as the bytes they stand for.
std::string unescaped(std::string_view text);
bool has_control(std::string_view text);

}  // namespace oap::terminal::testing
