#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::workflow {

/// The error code that a name in `retry_on` stands for: itself, or of the shorter names "timeout"
/// is deadline_exceeded, "script" tool_error, "heartbeat" deadline_exceeded. Pure.
std::string_view error_code_named(std::string_view name);

/// What `retry_on` may name, shorter names first. Pure.
const std::vector<std::string>& error_names();

}  // namespace oap::workflow
