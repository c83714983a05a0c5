#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/paths.hpp"

namespace oap::config {

/// A text whose variables have been replaced.
struct Expanded {
  std::string text;
  std::vector<std::string> values;  ///< of variables that may be secrets: all but HOME, USER, …
};

/// True where `expand` would change the text or refuse it.
bool has_variables(std::string_view text);

/// Replaces `${NAME}` by the variable's value, `${NAME:-default}` by the value or, where that is
/// unset or empty, by the default (taken literally, up to the next `}`), and `$$` by `$`. A `$`
/// before anything else stays. An unset variable and a malformed `${` are errors without a place.
Result<Expanded> expand(std::string_view text, const Env& env);

}  // namespace oap::config
