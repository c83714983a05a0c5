#pragma once

#include <string>
#include <vector>

#include "permission/policy.hpp"

namespace oap::permission {

/// The narrowest allow rules that would have let the request pass, one for each of its parts that
/// is not allowed already, bound to the policy's workspace. Empty, with a sentence in `why_not`,
/// where a rule would reach further than this one request (a shell, an interpreter, a program that
/// runs others, words that are not known, code given in words) or would not help (another rule
/// asks or denies). Looks at the file system to resolve paths.
std::vector<Rule> always_rules(const Policy& policy, const Request& request, std::string& why_not);

/// A rule as one line of a permissions.yaml, in flow form: `{argv: …, level: allow}`.
std::string rule_line(const Rule& rule);

}  // namespace oap::permission
