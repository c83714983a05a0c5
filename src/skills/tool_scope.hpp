#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/tool.hpp"

namespace oap::skills {

/// Which tools a skill or an agent leaves. Only ever takes away: what it allows still goes through
/// all guards. Immutable.
class ToolScope {
 public:
  /// Names as OpenCode, Claude Code and this program write them: `Read`, `read_file`, `Bash(git
  /// *)`, `Bash(npm test:*)`, `mcp__server__tool`, `server__tool`, `server__*`, `*`. An empty
  /// `allowed` allows all; `disallowed` is taken away from that.
  ToolScope(const std::vector<std::string>& allowed, const std::vector<std::string>& disallowed);

  /// "" where the call is allowed, else why not. A command is allowed by patterns only where every
  /// simple command in it fits one and the parser has understood it whole.
  std::string refusal(const ToolCall& call) const;
  /// Whether any call of the tool could be allowed: what a model is offered.
  bool offers(std::string_view public_name) const;
  bool allows_all() const { return allowed_.empty() && disallowed_.empty(); }

 private:
  struct Rule {
    std::string tool;     ///< our name; may end in `*`
    std::string pattern;  ///< of commands; empty: any
  };
  static std::vector<Rule> rules_of(const std::vector<std::string>& names);
  static bool fits(const Rule& rule, std::string_view tool);

  std::vector<Rule> allowed_;
  std::vector<Rule> disallowed_;
};

/// Our name for a tool that another host names: `Read` → read_file. Others come back as they are.
std::string our_tool_name(std::string_view name);

}  // namespace oap::skills
