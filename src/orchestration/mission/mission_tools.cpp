#include "orchestration/mission/mission_tools.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "orchestration/embedded.hpp"
#include "security/role_matrix.hpp"

namespace oap::orchestration {
namespace {

constexpr std::string_view kTodoSchema = R"({
  "type": "object",
  "properties": {
    "action": {"type": "string", "enum": ["list", "show", "add", "update", "tick", "untick",
      "remove", "write", "resolve", "ask"], "description": "What to do."},
    "list": {"type": "string", "enum": ["todo", "checklist", "issues"],
      "description": "Which file: the plan (default), the verification checklist, the sync issues."},
    "id": {"type": "string", "maxLength": 200, "description": "The item's id, or its exact text."},
    "items": {"type": "array", "maxItems": 200, "items": {"type": "object", "properties": {
        "id": {"type": "string", "maxLength": 64}, "parent": {"type": "string", "maxLength": 200},
        "text": {"type": "string", "maxLength": 2000}, "agent": {"type": "string", "maxLength": 64},
        "depends": {"type": "string", "maxLength": 500}, "size": {"type": "string", "maxLength": 16},
        "file": {"type": "string", "maxLength": 500}, "check": {"type": "string", "maxLength": 2000}},
      "required": ["text"], "additionalProperties": false},
      "description": "add: several items at once, in order."},
    "parent": {"type": "string", "maxLength": 200, "description": "add: the item above."},
    "text": {"type": "string", "maxLength": 2000},
    "state": {"type": "string", "enum": ["open", "in_progress", "blocked", "failed", "cancelled",
      "done"], "description": "update: the new state; done is a tick."},
    "agent": {"type": "string", "maxLength": 64}, "depends": {"type": "string", "maxLength": 500},
    "size": {"type": "string", "maxLength": 16}, "file": {"type": "string", "maxLength": 500},
    "check": {"type": "string", "maxLength": 2000,
      "description": "The command that shows that the item is done."},
    "note": {"type": "string", "maxLength": 1000, "description": "Why it is blocked, failed, cancelled."},
    "evidence": {"type": "string", "maxLength": 200,
      "description": "tick: the id of the call that shows it; found by itself where absent."},
    "content": {"type": "string", "maxLength": 1000000,
      "description": "write: the whole file; a person's own changes meanwhile are kept."},
    "question": {"type": "string", "maxLength": 4000, "description": "ask: what only a person can decide."}
  },
  "required": ["action"], "additionalProperties": false})";

constexpr std::string_view kDelegateSchema = R"({
  "type": "object",
  "properties": {
    "action": {"type": "string", "enum": ["start", "list", "result", "wait", "cancel"],
      "description": "start (default) delegates; the others are about tasks that were delegated."},
    "agent": {"type": "string", "maxLength": 64, "description": "planner, worker, reviewer, or an agent of the house's own."},
    "description": {"type": "string", "maxLength": 200, "description": "A few words."},
    "prompt": {"type": "string", "maxLength": 100000,
      "description": "All that the agent must know: it sees nothing of this conversation."},
    "background": {"type": "boolean",
      "description": "true: go on at once; the result comes when your turn has ended, or with action result."},
    "worktree": {"type": "boolean",
      "description": "true: a git worktree of its own, for who writes beside others."},
    "task_id": {"type": "string", "maxLength": 64}
  },
  "additionalProperties": false})";

ToolSpec spec_of(std::string_view name, std::string_view schema) {
  ToolSpec spec;
  spec.server = kBuiltinServer;
  spec.name = name;
  spec.description = embedded(std::string("mission/") + std::string(name) + ".md");
  spec.input_schema = json::parse(schema).value();
  spec.definition = json::Object{
      {"name", name}, {"description", spec.description}, {"inputSchema", spec.input_schema}};
  return spec;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<ToolSpec> mission_tool_specs() {
  return {spec_of(kTodoTool, kTodoSchema), spec_of(kDelegateTool, kDelegateSchema)};
}

std::vector<ToolSpec> tools_for_role(const std::vector<ToolSpec>& all, std::string_view role,
                                     bool in_mission) {
  std::vector<ToolSpec> tools = all;
  std::erase_if(tools, [&](const ToolSpec& tool) {
    if (tool.server != kBuiltinServer) {
      return false;
    }
    const std::string& name = tool.name;
    if (name == kTodoTool) {
      return !in_mission || role == "worker";
    }
    if (name == kDelegateTool) {
      return !in_mission || is_one_of(role, {"planner", "worker", "reviewer"});
    }
    if (role == "planner") {
      return is_one_of(name, {"bash", "python"});
    }
    if (role == "reviewer") {
      return is_one_of(name, {"write_file", "edit_file", "python"});
    }
    return role == "commander" && name == "python";
  });
  return tools;
}

bool Rights::allows(std::string_view public_name) const {
  if (tools && !security::names_tool(*tools, public_name)) {
    return false;
  }
  return !security::names_tool(of, public_name) || security::names_tool(left, public_name);
}

bool RightsChain::allows(std::string_view public_name) const {
  return std::all_of(chain_.begin(), chain_.end(),
                     [&](const Rights& rights) { return rights.allows(public_name); });
}

}  // namespace oap::orchestration
