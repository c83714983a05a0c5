#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "permission/policy.hpp"

namespace oap::permission {

/// That a rule allows shells, interpreters or programs that run others.
struct Wildcard {
  std::string message;  ///< a sentence
  /// A request that the policy allows by this; none where other rules or floors ask all the same.
  std::optional<json::Object> witness;
};

/// Whether the rule with this index does, by its pattern. Private to this folder.
std::optional<Wildcard> wildcard_of(const Policy& policy, std::uint32_t rule);

}  // namespace oap::permission
