#pragma once

#include <CLI/CLI.hpp>

namespace oap::cli {

/// Ends the help of every command with one line that can be typed as it stands; what has examples
/// of its own keeps them. To be called when the tree is whole.
void add_examples(CLI::App& app);

}  // namespace oap::cli
