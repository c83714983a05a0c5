#pragma once

#include <string>

#include "json/value.hpp"

namespace oap::audit {

/// The record as one event of the Open Cybersecurity Schema Framework 1.3: API Activity (class
/// 6003, category 6), with the security control profile for what was decided. What has no place
/// there is in `unmapped`. Pure.
json::Object to_ocsf(const json::Object& record, std::string_view version);

/// The record as one line of ArcSight's Common Event Format, version 0, without a line break; all
/// of the record's text is escaped. Pure.
std::string to_cef(const json::Object& record, std::string_view version);

}  // namespace oap::audit
