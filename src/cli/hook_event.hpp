#pragma once

#include "platform/settings.hpp"

namespace oap::cli {

/// Answers the host's event on standard input; the exit code. After 25 seconds without a decision
/// the process ends by itself with a denial, before a host would give up and go on.
int answer_hook(const std::string& host, const platform::SettingsOptions& options);

}  // namespace oap::cli
