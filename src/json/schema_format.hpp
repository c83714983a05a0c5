#pragma once

#include <string_view>

namespace oap::json {

using FormatCheck = bool (*)(std::string_view text);

/// The check for a `format` of JSON Schema 2020-12 §7.3, or null where there is none: unknown
/// formats are annotations. Thread-safe and pure.
FormatCheck find_format(std::string_view name);

}  // namespace oap::json
