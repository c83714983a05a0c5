#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migration/rules.hpp"

namespace oap::migration {

/// Where a settings file of Claude Code lies: what "/path" in its rules is relative to.
enum class Layer : std::uint8_t { kManaged, kUser, kProject, kLocal };
std::string_view to_string(Layer layer);

/// One permission rule as it is written.
struct ClaudeRule {
  Level level = Level::kAsk;
  Layer layer = Layer::kProject;
  std::string text;
  std::string where;  ///< "file:line"
};

/// `Tool` or `Tool(spec)`. `spec` is unescaped; `Tool(*)` and `Tool()` have none.
struct RuleParts {
  std::string tool;
  std::optional<std::string> spec;
};
/// Nothing where the text is no rule: empty, or with parentheses that do not close. Pure.
std::optional<RuleParts> split_rule(std::string_view text);

struct ClaudePermissions {
  std::vector<ClaudeRule> rules;
  std::string default_mode;                         ///< as written; empty: default
  std::string default_mode_where = {};              ///< "file:line"
  std::vector<std::string> additional_directories;  ///< as written
  std::vector<std::string> directory_places = {};   ///< "file:line" of each, where known
  /// A server's name as rules write it, where that differs from its name in the configuration.
  std::map<std::string, std::string> server_names;
  /// Servers that are this program's own gateway: mcp__oap__github__x is about github's x.
  std::set<std::string> gateways;
};

/// The rules of permissions.yaml that mean the same (hosts.md 2.2): those of the settings, the
/// mode's, and what that program asks for or lets pass by itself. A rule without a counterpart is
/// in `not_carried`; nothing is loosened on the way. Pure.
Translation translate_claude(const ClaudePermissions& permissions);

/// One rule alone, without what that program does by itself. Pure.
Translation translate_rule(const ClaudeRule& rule);

// The parts, for one rule each; `out` gets rules and what is lost.

void translate_bash(const ClaudeRule& rule, const RuleMaker& make,
                    const std::optional<std::string>& spec, Translation& out);
/// `action`: "read" or "write", the kind of rule.
void translate_path(const ClaudeRule& rule, const RuleMaker& make, std::string_view action,
                    const std::string& spec, Translation& out);
void translate_domain(const ClaudeRule& rule, const RuleMaker& make, std::string_view host,
                      Translation& out);

/// A gitignore pattern of a Read or Edit rule as a path pattern of ours; nothing where it is a
/// negation or a comment, which such a rule cannot be. Pure.
std::optional<std::string> path_pattern(std::string_view spec, Layer layer, Level level);

/// `find` runs or deletes: no prefix rule covers that (hosts.md 2.2).
inline constexpr std::string_view kOnlyFinds =
    "!argv.exists(w, w in [\"-exec\", \"-execdir\", \"-ok\", \"-okdir\", \"-delete\", "
    "\"-fprint\", \"-fprint0\", \"-fprintf\", \"-fls\"])";

/// What of the settings changes what Claude Code does by itself.
struct OwnRules {
  bool edits = false;                    ///< some rule or the mode allows edits
  bool all_bash = false;                 ///< every command is allowed
  std::set<std::string> programs;        ///< those that rules allow
  std::vector<std::string> directories;  ///< additional ones, as written
};
/// What Claude Code does by itself: commands that only read run unasked, protected paths and the
/// removal of critical ones ask.
void add_own_rules(const OwnRules& own, Translation& out);

/// The commands that acceptEdits lets pass, on files of the workspace and the directories.
void add_edit_commands(const std::vector<std::string>& directories, Translation& out);

}  // namespace oap::migration
