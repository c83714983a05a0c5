#pragma once

#include "cli/args.hpp"
#include "platform/settings.hpp"

namespace oap::cli {

/// Which settings a command loads, by what every command is told: --workspace and --trust.
platform::SettingsOptions settings_options(const Common& common);

}  // namespace oap::cli
