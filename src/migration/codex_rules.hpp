#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "migration/rules.hpp"

namespace oap::migration {

/// The rules of Codex's exec policy (`*.rules`, Starlark): calls of prefix_rule with literals, of
/// which the strictest wins, as here. Other calls are in `not_carried`; anything that is not a call
/// with literal arguments is a kInvalidArgument error with its line, as what it would do is not
/// known. Pure.
Result<Translation> translate_codex(std::string_view text, const std::string& file);

}  // namespace oap::migration
