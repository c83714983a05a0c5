#pragma once

#include <string>

#include "base/result.hpp"

namespace oap::cli {

/// A prompt from the command line, or all of standard input where there is none or it is "-".
/// kUsage: nothing given at a terminal (`example` says what to write), empty, too large.
Result<std::string> read_prompt(const std::string& given, bool has_prompt, const std::string& what,
                                const std::string& example);

}  // namespace oap::cli
