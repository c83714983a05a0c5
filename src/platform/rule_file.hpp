#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace oap::platform {

/// Puts rules at the front of the `permissions:` list of a permissions.yaml, which is made (0600,
/// its folder too) where it does not exist; all else in the file stays as it is. A rule that is
/// there already is not added again. One writer at a time, in one step for readers.
/// kFailedPrecondition where the file has a form that is not changed by hand: the message holds the
/// lines to add.
Result<void> add_rules(const std::string& file, const std::vector<std::string>& rules);

}  // namespace oap::platform
