#pragma once

#include <CLI/CLI.hpp>

namespace oap::cli {

// What the values of options must be. A value that is not so ends the command with exit code 2 and
// a sentence that names the option, the value and what would be right, before anything is done.

/// A size such as 512MB or 1GiB.
CLI::Validator size_value();
/// Kinds of isolation, as "fs,net".
CLI::Validator kinds_value();
/// A number of seconds within a year.
CLI::Validator seconds_value();

/// A point in time, as `oap audit search --since` takes it, and a length of time such as 90d.
CLI::Validator time_value();
CLI::Validator age_value();

/// What holds of every named option of a command and of all below it: the value is not empty, is
/// UTF-8, and where it is a number, is written as one. (CLI11 itself takes 0x10 and " 7", and lets
/// nan through its ranges.)
void check_values(CLI::App& app);

}  // namespace oap::cli
