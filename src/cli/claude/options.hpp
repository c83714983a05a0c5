#pragma once

#include "cli/args.hpp"

namespace CLI {
class App;
}

namespace oap::cli {

/// Adds to `oap run` what scripts written for `claude -p` give. `args` outlives the parsing.
void add_claude_options(CLI::App& command, RunArgs& args);

}  // namespace oap::cli
