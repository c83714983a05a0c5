#pragma once

#include <string>

#include "checkpoint/journal.hpp"
#include "json/value.hpp"
#include "platform/platform.hpp"

namespace oap::cli {

/// Writes to the audit that a person took changes back, or made them again.
void audit_revert(platform::Platform& platform, const checkpoint::Reverted& done, bool forward,
                  const std::string& session);

json::Object to_json(const checkpoint::Reverted& done);
/// A turn as `oap undo --list --json` has it.
json::Object to_json(const checkpoint::Turn& turn);

}  // namespace oap::cli
