#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace oap::cli {

/// What a command line that was parsed in vain has for a command or an option that there is not,
/// with the nearest there is, or which command it lacks; "" where that is not what is wrong.
std::string wrong_word(const CLI::App& app, const CLI::ParseError& error);

}  // namespace oap::cli
