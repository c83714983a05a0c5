#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "expr/program.hpp"
#include "permission/facets.hpp"
#include "permission/rule.hpp"
#include "text/glob.hpp"

namespace oap::permission {

/// A rule ready to match. Private to this folder, as all below.
struct CompiledRule {
  Rule rule;
  std::uint32_t role = 0;          ///< index of its role; 0 = everyone's
  int specificity = 0;             ///< the seeds' points
  bool withheld = false;           ///< an allow rule of an untrusted project
  bool absolute = false;           ///< kFilePattern: of absolute paths
  bool any_depth = false;          ///< kFilePattern: relative, begins with **
  std::string path_pattern;        ///< kFilePattern or resource: home resolved, "./" removed
  std::optional<text::Glob> glob;  ///< of pattern, program or path
  std::optional<expr::Program> condition;
  /// The literal words in front of a command rule that asks or denies and names options: the
  /// options count wherever and however grouped they stand.
  std::vector<std::string> front;
  bool front_only = false;  ///< nothing but the front has to match
};

/// Compiles what `rule` matches against. `workspace` is canonical. A pattern with ".." inside is a
/// kConfiguration error with its place.
Result<CompiledRule> compile_rule(Rule rule, std::string_view workspace);

/// How a path rule meets a path.
enum class PathMatch : std::uint8_t {
  kNone,
  kFull,      ///< matches
  kTightens,  ///< an ask or deny rule that reaches further than its place in the workspace
};
PathMatch match_path(const CompiledRule& rule, const PathFacet& path);

/// A path rule that could match something below `path`, which must be a tree.
PathMatch match_below(const CompiledRule& rule, const PathFacet& path);

bool match_resource(const CompiledRule& rule, std::string_view resource);
bool match_command(const CompiledRule& rule, const CommandFacet& command);
bool match_action(Action rule, const std::vector<Action>& actions);
bool match_action(Action rule, Action access);

/// True where everything that `inner` matches is matched by `outer` as well. May say false where
/// that is not easily seen, and does where `outer` has a condition that `inner` has not.
bool contains(const CompiledRule& outer, const CompiledRule& inner);

}  // namespace oap::permission
