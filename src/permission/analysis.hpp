#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "permission/policy.hpp"

namespace oap::permission {

/// Something that is legal in a policy and most likely not meant.
struct Finding {
  enum class Kind : std::uint8_t {
    kShadowed,       ///< stricter rules decide wherever it matches
    kRedundant,      ///< rules of the same level match wherever it does
    kContradictory,  ///< another rule of another level matches exactly the same
    kNeverMatches,   ///< nothing can match it
    kWildcardAllow,  ///< it allows shells, interpreters or programs that run others
  };
  Kind kind = Kind::kShadowed;
  Rule rule;
  std::optional<Rule> by;  ///< the rule that is in the way
  std::string message;     ///< a sentence
  /// A request as `oap permission check --batch` reads it, for which it shows.
  std::optional<json::Object> witness;
};
std::string_view to_string(Finding::Kind kind);

struct Analysis {
  std::vector<Finding> findings;  ///< in the order of the rules
  bool complete = true;           ///< false: too intricate to look at all of it
  /// So many rules, from the first, were compared with the others; those behind them, where there
  /// are too many, were only looked at by themselves.
  std::size_t compared = 0;
};

/// What is wrong with a policy. Exact over globs, argument prefixes and actions, by automata; each
/// witness was tried on the policy itself. Takes milliseconds for hundreds of rules, and
/// seconds at most: `most_work` is how many states of automata and rules may be looked at.
Analysis analyse(const Policy& policy, std::size_t most_work = 40'000'000);
json::Object to_json(const Analysis& analysis);

/// A request that two policies decide differently.
struct Difference {
  json::Object request;
  std::string role;
  Decision before;
  Decision after;
};
struct Comparison {
  std::vector<Difference> differences;  ///< one for each way in which they differ
  bool complete = true;
};

/// What two policies decide differently, for every role that either knows.
Comparison compare(const Policy& before, const Policy& after);
json::Object to_json(const Comparison& comparison);

}  // namespace oap::permission
