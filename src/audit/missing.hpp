#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::audit {

/// What the ends of the segments and the head show to be gone: records between two segments, the
/// newest ones, the whole folder. An object for each gap, as that for a malformed line:
/// `{"event_type":"malformed", segment, line, error}`, line 0 being the file as a whole. Reads two
/// records of each segment and takes no lock; appenders may go on meanwhile. What is missing inside
/// a segment only `verify` sees.
Result<std::vector<json::Object>> missing_records(const std::string& dir);

}  // namespace oap::audit
