#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permission/compiled_rule.hpp"
#include "permission/policy.hpp"
#include "permission/rule_index.hpp"
#include "permission/tree_look.hpp"

namespace oap::permission {

/// Which roles' rules count for a principal, and what follows from them. `rank[i]` is how derived
/// role i is: 0 everyone's, then the roles inherited, the role itself highest; -1 does not count.
struct RoleView {
  std::vector<int> rank;
  bool any_command = false;  ///< some command rule counts
  bool strict_path[3] = {};  ///< some path rule asks or denies: read, write, delete
};

/// All that a decision needs, compiled. Immutable.
struct Compiled {
  std::vector<CompiledRule> rules;  ///< strongest tier first, then file order
  RuleIndex index;
  StringMap<RoleView> roles;
  RoleView everyone;
  bool conditional = false;       ///< some rule has a condition
  Precedence precedence[4] = {};  ///< by tier
  PolicyOptions options;
};

/// One decision on its way: gathers the rules that match, lets roles replace, and combines. Lives
/// for one call.
class Evaluation {
 public:
  /// `role_fault`: why the principal's role cannot be right; "" where it can.
  Evaluation(const Compiled& compiled, const Facets& facets, const RoleView& roles,
             std::string_view role_fault = {});

  Decision decide();
  /// After decide(): how it came about.
  void explain(Explanation& out) const;

 private:
  /// A rule that matched; `unit` is what it matched: the call, one path, one command, the whole
  /// text.
  struct Hit {
    std::uint32_t rule = 0;
    std::uint32_t unit = 0;
    bool tightens = false;  ///< raises the answer, but does not stand in for the built-in policy
    bool counted = true;
    std::string note;
  };
  /// A rule that matched but for its condition.
  struct Unmet {
    std::uint32_t rule = 0;
    std::uint32_t unit = 0;
    std::string note;
  };
  struct Floor {
    Level level = Level::kAsk;
    std::string rule;
    std::string reason;
  };

  const CompiledRule& rule(std::uint32_t id) const { return compiled_.rules[id]; }
  bool counts(std::uint32_t id);
  /// The note of a condition that counts as met; nothing where it does not.
  std::optional<std::string> meets_condition(std::uint32_t id, std::uint32_t unit);
  void hit(std::uint32_t id, std::uint32_t unit, bool tightens);
  /// Some rule that may stand in for the built-in policy matched one of the units.
  bool named(std::uint32_t first, std::uint32_t last) const;

  /// The words that are not known cannot matter: a rule allows the program whatever they are, and
  /// no rule says anything else of it.
  bool allows_any_words(const CommandFacet& command, std::uint32_t unit) const;
  /// A denied program's name that stands as a word in the arguments of one that only a glob allows.
  std::string mentioned_denial(const CommandFacet& command) const;

  /// Some rule that counts is about exactly this program.
  bool named_exactly(const CommandFacet& command, std::uint32_t unit) const;

  void gather_call();
  void gather_path(const PathFacet& path, std::uint32_t unit);
  void gather_unmatched(const PathFacet& path);
  void gather_below(const PathFacet& path, std::uint32_t unit);
  void gather_command(const CommandFacet& command, std::uint32_t unit);
  void gather_text();
  void replace_by_roles();
  void outrank();
  void outrank_tier(Tier tier);
  void add_floors();
  void add_launch_floors();
  void add_command_floors();
  void add_path_floors();
  void add_category_floors();
  std::optional<Decision> fallback() const;
  Decision combine();
  std::string unit_name(std::uint32_t unit) const;
  Decision builtin_for(const PathFacet& path) const;
  Decision builtin_for_call() const;

  std::uint32_t path_unit(std::size_t i) const { return static_cast<std::uint32_t>(1 + i); }
  std::uint32_t command_unit(std::size_t i) const {
    return static_cast<std::uint32_t>(1 + facets_.paths.size() + i);
  }
  std::uint32_t text_unit() const { return command_unit(facets_.commands.size()); }

  const Compiled& compiled_;
  const Facets& facets_;
  const RoleView& roles_;
  std::vector<Hit> hits_;
  std::vector<std::vector<std::uint32_t>> of_unit_;  ///< places in hits_
  std::vector<Floor> floors_;
  std::vector<std::uint32_t> withheld_;
  std::vector<Unmet> unmet_;
  TreeLook trees_;
};

}  // namespace oap::permission
