#pragma once

#include "json/value.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

/// {"fs":"none","net":"enforced",…}: one string a layer, always all of them.
json::Object to_json(const Isolation& isolation);

}  // namespace oap::sandbox
