#include "foreign/tools.hpp"

#include <algorithm>

namespace oap::foreign {
namespace {

using Kind = Tool::Kind;

constexpr Argument kPath{"file_path", "path"};
constexpr Argument kSame{"path", "path"};
constexpr Argument kContent{"content", "content"};
constexpr Argument kCommand{"command", "command"};
constexpr Argument kOld{"old_string", "old_string"};
constexpr Argument kNew{"new_string", "new_string"};
constexpr Argument kAll{"replace_all", "replace_all"};
constexpr Argument kPattern{"pattern", "pattern"};
constexpr Argument kGlob{"glob", "glob"};
constexpr Argument kOffset{"offset", "offset", true};
constexpr Argument kLimit{"limit", "limit", true};

// The first row of one of ours is the one that calls of ours are shown as.
constexpr auto kClaude = std::to_array<Tool>({
    {"Bash", "bash", {kCommand}, Kind::kCall, "command"},
    {"Read", "read_file", {kPath, kOffset, kLimit}, Kind::kCall, "file_path"},
    {"Edit", "edit_file", {kPath, kOld, kNew, kAll}, Kind::kCall, "file_path"},
    {"Write", "write_file", {kPath, kContent}, Kind::kCall, "file_path"},
    {"MultiEdit", "edit_file", {kPath}, Kind::kEdits, "file_path"},
    {"NotebookEdit",
     "edit_file",
     {{{"notebook_path", "path"}, {"new_source", "new_string"}}},
     Kind::kCall,
     "notebook_path"},
    {"NotebookRead", "read_file", {{{"notebook_path", "path"}}}, Kind::kCall, "notebook_path"},
    {"Glob", "glob", {kPattern, kSame}, Kind::kCall, "path"},
    {"Grep",
     "grep",
     {{kPattern, kSame, kGlob, {"-i", "ignore_case", true}, {"-C", "context", true}}},
     Kind::kCall,
     "path"},
    {"LS", "list_dir", {kSame}, Kind::kCall, "path"},
    {"WebFetch", "web_fetch", {{{"url", "url"}}}, Kind::kCall, "url"},
    {"WebSearch", "web_search", {{{"query", "query"}}}, Kind::kCall, ""},
    {"Agent", "delegate_task", {}, Kind::kInternal},
    {"Task", "delegate_task", {}, Kind::kInternal},
    {"Skill", "skill", {{{"skill", "name"}, {"args", "arguments"}}}, Kind::kInternal},
    {"TodoWrite", "todo", {}, Kind::kInternal},
    {"TodoRead", "todo", {}, Kind::kInternal},
    {"AskUserQuestion", "", {}, Kind::kInternal},
    {"BashOutput", "", {}, Kind::kInternal},
    {"EnterPlanMode", "", {}, Kind::kInternal},
    {"ExitPlanMode", "", {}, Kind::kInternal},
    {"KillBash", "", {}, Kind::kInternal},
    {"KillShell", "", {}, Kind::kInternal},
    {"SlashCommand", "", {}, Kind::kInternal},
    {"TaskCreate", "", {}, Kind::kInternal},
    {"TaskGet", "", {}, Kind::kInternal},
    {"TaskList", "", {}, Kind::kInternal},
    {"TaskOutput", "", {}, Kind::kInternal},
    {"TaskStop", "", {}, Kind::kInternal},
    {"TaskUpdate", "", {}, Kind::kInternal},
    {"ToolSearch", "", {}, Kind::kInternal},
    {"ListAgents", "", {}, Kind::kInternal},
    {"ReportFindings", "", {}, Kind::kInternal},
    {"ScheduleWakeup", "", {}, Kind::kInternal},
    {"WaitForMcpServers", "", {}, Kind::kInternal},
    {"Artifact", "", {}, Kind::kOther},
    {"Cd", "", {}, Kind::kOther},
    {"CronCreate", "", {}, Kind::kOther},
    {"CronDelete", "", {}, Kind::kOther},
    {"CronList", "", {}, Kind::kOther},
    {"EndConversation", "", {}, Kind::kOther},
    {"EnterWorktree", "", {}, Kind::kOther},
    {"ExitWorktree", "", {}, Kind::kOther},
    {"LSP", "", {}, Kind::kOther},
    {"ListMcpResourcesTool", "", {}, Kind::kOther},
    {"Monitor", "", {}, Kind::kOther},
    {"PowerShell", "", {}, Kind::kOther, "command"},
    {"PushNotification", "", {}, Kind::kOther},
    {"ReadMcpResourceTool", "", {}, Kind::kOther},
    {"RemoteTrigger", "", {}, Kind::kOther},
    {"SendMessage", "", {}, Kind::kOther},
    {"SendUserFile", "", {}, Kind::kOther},
    {"ShareOnboardingGuide", "", {}, Kind::kOther},
    {"Workflow", "", {}, Kind::kOther},
});
constexpr auto kCodex = std::to_array<Tool>({
    {"Bash", "bash", {kCommand}},
    {"shell", "bash", {kCommand}},
    {"exec_command", "bash", {{{"cmd", "command"}, {"command", "command"}}}},
    {"view_image", "read_file", {kSame}},
    {"update_plan", "", {}, Kind::kInternal},
    {"spawn_agent", "", {}, Kind::kInternal},
    {"send_input", "", {}, Kind::kInternal},
    {"wait_agent", "", {}, Kind::kInternal},
    {"resume_agent", "", {}, Kind::kInternal},
    {"close_agent", "", {}, Kind::kInternal},
    {"get_goal", "", {}, Kind::kInternal},
    {"create_goal", "", {}, Kind::kInternal},
    {"update_goal", "", {}, Kind::kInternal},
    {"request_user_input", "", {}, Kind::kInternal},
});
constexpr auto kGemini = std::to_array<Tool>({
    {"run_shell_command", "bash", {kCommand}},
    {"read_file", "read_file", {{kPath, {"absolute_path", "path"}, kSame}}},
    {"write_file", "write_file", {kPath, kContent}},
    {"replace", "edit_file", {kPath, kOld, kNew}},
    {"edit", "edit_file", {kPath, kOld, kNew}},
    {"glob", "glob", {{kPattern, {"dir_path", "path"}, kSame}}},
    {"search_file_content", "grep", {{kPattern, {"dir_path", "path"}, kSame, {"include", "glob"}}}},
    {"grep_search", "grep", {{kPattern, {"dir_path", "path"}, kSame, {"include", "glob"}}}},
    {"list_directory", "list_dir", {{{"dir_path", "path"}, kSame}}},
    {"web_fetch", "web_fetch", {{{"url", "url"}, {"prompt", "prompt"}}}},
    {"google_web_search", "web_search", {{{"query", "query"}}}},
    {"write_todos", "", {}, Kind::kInternal},
    {"ask_user", "", {}, Kind::kInternal},
    {"enter_plan_mode", "", {}, Kind::kInternal},
    {"exit_plan_mode", "", {}, Kind::kInternal},
    {"update_topic", "", {}, Kind::kInternal},
    {"invoke_agent", "", {}, Kind::kInternal},
    {"complete_task", "", {}, Kind::kInternal},
    {"activate_skill", "", {}, Kind::kInternal},
    {"list_background_processes", "", {}, Kind::kInternal},
    {"read_background_output", "", {}, Kind::kInternal},
});
// Gemini CLI's child, grown up on its own.
constexpr auto kQwen = std::to_array<Tool>({
    {"run_shell_command", "bash", {kCommand}},
    {"read_file", "read_file", {{kPath, {"absolute_path", "path"}, kOffset, kLimit}}},
    {"write_file", "write_file", {kPath, kContent}},
    {"edit", "edit_file", {kPath, kOld, kNew, kAll}},
    {"notebook_edit",
     "edit_file",
     {{{"notebook_path", "path"}, {"new_source", "new_string"}}},
     Kind::kCall,
     "notebook_path"},
    {"glob", "glob", {kPattern, kSame}},
    {"grep_search", "grep", {kPattern, kSame, kGlob}},
    {"list_directory", "list_dir", {kSame}},
    {"web_fetch", "web_fetch", {{{"url", "url"}, {"prompt", "prompt"}}}},
    {"web_search", "web_search", {{{"query", "query"}}}},
    {"todo_write", "", {}, Kind::kInternal},
    {"agent", "", {}, Kind::kInternal},
    {"skill", "", {}, Kind::kInternal},
    {"ask_user_question", "", {}, Kind::kInternal},
    {"enter_plan_mode", "", {}, Kind::kInternal},
    {"exit_plan_mode", "", {}, Kind::kInternal},
    {"list_agents", "", {}, Kind::kInternal},
    {"task_create", "", {}, Kind::kInternal},
    {"task_update", "", {}, Kind::kInternal},
    {"task_list", "", {}, Kind::kInternal},
    {"task_stop", "", {}, Kind::kInternal},
    {"tool_search", "", {}, Kind::kInternal},
    {"get_goal", "", {}, Kind::kInternal},
    {"update_goal", "", {}, Kind::kInternal},
    {"structured_output", "", {}, Kind::kInternal},
});
constexpr auto kGoose = std::to_array<Tool>({
    {"developer__shell", "bash", {kCommand}},
    {"developer__write", "write_file", {kSame, kContent}},
    {"developer__edit", "edit_file", {{kSame, {"before", "old_string"}, {"after", "new_string"}}}},
    {"developer__tree", "list_dir", {kSame}},
    {"developer__read_image", "read_file", {{{"source", "path"}}}},
});
constexpr auto kCrush = std::to_array<Tool>({
    {"bash", "bash", {kCommand}},
    {"view", "read_file", {kPath}},
    {"write", "write_file", {kPath, kContent}},
    {"edit", "edit_file", {kPath, kOld, kNew, kAll}},
    {"multiedit", "edit_file", {kPath}, Kind::kEdits},
    {"glob", "glob", {kPattern, kSame}},
    {"grep", "grep", {{kPattern, kSame, {"include", "glob"}}}},
    {"ls", "list_dir", {kSame}},
    {"fetch", "web_fetch", {{{"url", "url"}}}},
    {"todos", "", {}, Kind::kInternal},
    {"agent", "", {}, Kind::kInternal},
    {"job_output", "", {}, Kind::kInternal},
    {"job_kill", "", {}, Kind::kInternal},
});

// Version 2 calls bash `shell`, task `subagent`, and every path `path`.
constexpr Argument kFilePath{"filePath", "path"};
constexpr auto kOpencode = std::to_array<Tool>({
    {"bash", "bash", {kCommand}},
    {"shell", "bash", {kCommand}},
    {"read", "read_file", {kFilePath, kSame}},
    {"write", "write_file", {kFilePath, kSame, kContent}},
    {"edit",
     "edit_file",
     {{kFilePath,
       kSame,
       {"oldString", "old_string"},
       {"newString", "new_string"},
       {"replaceAll", "replace_all"}}}},
    {"glob", "glob", {kPattern, kSame}},
    {"grep", "grep", {{kPattern, kSame, {"include", "glob"}}}},
    {"list", "list_dir", {kSame}},
    {"lsp", "read_file", {kFilePath, kSame}},
    {"skill", "skill", {{{"name", "name"}}}},
    {"webfetch", "web_fetch", {{{"url", "url"}}}},
    {"websearch", "web_search", {{{"query", "query"}}}},
    {"codesearch", "web_search", {{{"query", "query"}}}},
    {"multiedit", "edit_file", {kFilePath, kSame}, Kind::kEdits},
    {"todowrite", "", {}, Kind::kInternal},
    {"todoread", "", {}, Kind::kInternal},
    {"task", "", {}, Kind::kInternal},
    {"subagent", "", {}, Kind::kInternal},
    {"question", "", {}, Kind::kInternal},
    {"plan_enter", "", {}, Kind::kInternal},
    {"plan_exit", "", {}, Kind::kInternal},
    {"invalid", "", {}, Kind::kInternal},
});

const Tool* first_where(Host host, std::string_view Tool::* member, std::string_view name) {
  const auto tools = tools_of(host);
  const auto found = std::find_if(tools.begin(), tools.end(),
                                  [&](const Tool& tool) { return tool.*member == name; });
  return found == tools.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Tool> tools_of(Host host) {
  switch (host) {
    case Host::kClaudeCode:
      return kClaude;
    case Host::kCodex:
      return kCodex;
    case Host::kGemini:
      return kGemini;
    case Host::kGoose:
      return kGoose;
    case Host::kCrush:
      return kCrush;
    case Host::kOpencode:
      return kOpencode;
    case Host::kQwen:
      return kQwen;
  }
  return {};
}

const Tool* find_tool(Host host, std::string_view theirs) {
  return theirs.empty() ? nullptr : first_where(host, &Tool::theirs, theirs);
}

const Tool* tool_for(Host host, std::string_view ours) {
  return ours.empty() ? nullptr : first_where(host, &Tool::ours, ours);
}

}  // namespace oap::foreign
