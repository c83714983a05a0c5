#include "cli/settings.hpp"

namespace oap::cli {

platform::SettingsOptions settings_options(const Common& common) {
  platform::SettingsOptions options;
  options.workspace = common.workspace;
  options.trust = common.trust;
  return options;
}

}  // namespace oap::cli
