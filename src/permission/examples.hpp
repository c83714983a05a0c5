#pragma once

#include <string>
#include <vector>

#include "permission/facets.hpp"
#include "permission/rule.hpp"

namespace oap::permission {

/// Tries the rules' own examples, each rule alone. What a rule matches against its word is added to
/// `faults` with the rule's place. An example in words is a command, a path, a tool or a server, as
/// the rule is about one. Looks at the file system to resolve paths. Private to this folder.
void check_examples(const std::vector<Rule>& rules, std::string_view workspace,
                    const FacetContext& context, std::vector<std::string>& faults);

}  // namespace oap::permission
