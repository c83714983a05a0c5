#pragma once

#include <functional>
#include <string>

#include "json/value.hpp"

namespace oap::cli {

/// Answers each line of standard input with one line, in order. A line that could not be read is
/// answered with an object with "error"; how many there were is said on standard error at the end,
/// and the count comes back. Blocks.
std::size_t answer_lines(const std::function<json::Object(const std::string& line)>& answer);

}  // namespace oap::cli
