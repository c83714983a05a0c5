#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::text {

/// Translates an ECMA-262 regular expression (with the `u` flag, as JSON Schema has it; harmless
/// older forms such as `\-` or a lone `]` are accepted) into one of RE2 that matches the same
/// texts.
/// `$` is the end of the text only; `\d \w \b` are ASCII, `\s` is Unicode white space, `.` excludes
/// the four line terminators. Look-around, back-references, properties that RE2 does not have and
/// repetitions above 1000 are kInvalidArgument. Pure.
Result<std::string> ecma_to_re2(std::string_view pattern);

}  // namespace oap::text
