#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/tool.hpp"

namespace oap::orchestration {

inline constexpr std::string_view kTodoTool = "todo";
inline constexpr std::string_view kDelegateTool = "delegate_task";

/// What models are told of the two tools; they run inside this program.
std::vector<ToolSpec> mission_tool_specs();

/// The tools that an agent is offered: those its role may use at all (StrictRoleGuard is what
/// enforces it). `in_mission` false: neither of the two above.
std::vector<ToolSpec> tools_for_role(const std::vector<ToolSpec>& all, std::string_view role,
                                     bool in_mission);

/// What an agent, and whoever it delegates to, may use at most; nothing set: all that the role
/// allows. Names as `security::names_tool` takes them.
struct Rights {
  std::optional<std::vector<std::string>> tools;
  /// Of these, only what `left` names too: what was taken from a role whose duties are not rights.
  std::vector<std::string> of = {};
  std::vector<std::string> left = {};
  bool allows(std::string_view public_name) const;
};
/// A delegated agent's: its own and those of who delegated; all must allow.
class RightsChain {
 public:
  void add(Rights rights) { chain_.push_back(std::move(rights)); }
  bool allows(std::string_view public_name) const;

 private:
  std::vector<Rights> chain_;
};

}  // namespace oap::orchestration
