#pragma once

#include <CLI/CLI.hpp>

#include "cli/args.hpp"

namespace oap::cli {

/// The options of `oap sandbox exec`, which are parsed into `args`.
void add_sandbox_options(CLI::App& exec, SandboxArgs& args);

}  // namespace oap::cli
