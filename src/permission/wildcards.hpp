#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "permission/policy.hpp"

namespace oap::permission {

/// That a rule allows shells, interpreters or programs that run others.
struct Wildcard {
  std::string message;  ///< a sentence
  /// A request that the policy allows by this; none where other rules or floors ask all the same.
  std::optional<json::Object> witness;
};

/// Looks at the rules of one policy, which outlives it. Private to this folder.
class Wildcards {
 public:
  explicit Wildcards(const Policy& policy);

  /// Whether the rule with this index does, by its pattern.
  std::optional<Wildcard> of(std::uint32_t rule);

 private:
  const Policy& policy_;
  std::vector<Facets> probes_;                            ///< of calls that run what they are told
  std::map<std::string, std::optional<Wildcard>> known_;  ///< by pattern and role
};

}  // namespace oap::permission
