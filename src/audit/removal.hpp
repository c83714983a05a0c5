#pragma once

#include <string>

#include "base/result.hpp"

namespace oap::audit {

/// What a person should know of a folder whose log was removed: that it is gone, or was begun anew
/// since, and what can be done. Empty where neither is so. Reads one record, changes nothing.
Result<std::string> what_became_of(const std::string& dir);

}  // namespace oap::audit
