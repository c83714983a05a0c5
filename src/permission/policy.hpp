#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "permission/facets.hpp"
#include "permission/request.hpp"
#include "permission/rule.hpp"

namespace oap::permission {

/// A permissions.yaml: its text, or (without one) the file to be read. Role and tier as in
/// CONTRACTS.
struct PolicySource {
  Tier tier = Tier::kUser;
  std::string file;
  std::optional<std::string> text;
};

struct PolicyOptions {
  std::string workspace;                    ///< absolute
  std::optional<Level> default_permission;  ///< takes the place of the built-in policy's `ask`
  std::vector<std::string> require_approval_for;  ///< the four categories of CONTRACTS
  std::vector<std::string> known_tools;           ///< beside builtin_tools()
  std::vector<std::string> network_servers;       ///< remote servers and those with network granted
  /// All servers that are configured; nothing where that is not known. Only lint looks at it.
  std::optional<std::vector<std::string>> known_servers;
  /// Agents of one's own: roles that principals have without a file, beside known_roles().
  std::vector<std::string> known_agents;
  bool trusted_project = true;   ///< false: the project tier's allow rules do not count
  bool replace_builtin = false;  ///< true (--policy FILE): no built-in policy, only a default
};

/// One rule that matched, and where.
struct RuleMatch {
  Rule rule;
  std::string facet;
  bool counted = true;  ///< false: replaced by a role's rule, outranked, or of an untrusted project
  std::string note;
};

/// A rule that did not match, and the one condition that failed.
struct NearMiss {
  Rule rule;
  std::string why;
};

/// Why a request was decided as it was.
struct Explanation {
  Decision decision;
  std::string mode;  ///< "strict", or which tiers are "specific"
  std::vector<std::string> facets;
  std::vector<RuleMatch> matches;   ///< strongest tier first, then file order
  std::vector<std::string> floors;  ///< what raised the answer beside rules, a sentence each
  std::vector<NearMiss> near;       ///< rules that would have matched but for one condition
  std::string revision;             ///< of the policy
};
json::Object to_json(const Explanation& explanation);

struct Compiled;

/// A compiled set of rules. Immutable and thread-safe; decides without waiting, but looks at the
/// file system to resolve the request's paths. How rules combine: README.md.
class Policy {
 public:
  using Options = PolicyOptions;

  /// All faults of all sources at once. `session` rules are the session tier.
  static Result<std::shared_ptr<const Policy>> compile(std::vector<PolicySource> sources,
                                                       Options options,
                                                       std::vector<Rule> session = {});
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  Decision decide(const Request& request) const;
  Explanation explain(const Request& request) const;

  /// The two halves of decide(): the first looks at the file system, the second at nothing else.
  Facets facets(const Request& request) const;
  Decision evaluate(const Facets& facets, const Principal& principal) const;

  /// Path globs (text::GlobMode::kPath; absolute, or relative to the workspace) of all files that a
  /// search must not show to `principal`, as reading one may be asked for or denied: the path rules
  /// that ask or deny, and the built-in policy's credential files. Errs on the side of hiding: an
  /// allow rule for some of them does not take them out.
  std::vector<std::string> hidden_from_search(const Principal& principal) const;

  /// The same rules with the session tier replaced.
  Result<std::shared_ptr<const Policy>> with_session(std::vector<Rule> session) const;

  /// 16 hex digits that name what this policy decides by: the rules, their places and the options.
  const std::string& revision() const;

  /// All rules, strongest tier first; the built-in policy is not among them.
  const std::vector<Rule>& rules() const;
  const Options& options() const;
  /// The compiled form, for this folder's analyses.
  const Compiled& compiled() const;
  const std::string& workspace() const;  ///< canonical
  /// What is legal but probably not meant, a sentence each with its place.
  const std::vector<std::string>& warnings() const;

 private:
  struct Body;
  explicit Policy(std::unique_ptr<const Body> body);
  std::unique_ptr<const Body> body_;
};

}  // namespace oap::permission
