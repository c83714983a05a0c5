#include "hosts/tool_names.hpp"

#include <algorithm>
#include <span>

namespace oap::hosts {
namespace {

using std::string_view;

constexpr Argument kPath{"file_path", "path"};
constexpr Argument kSame{"path", "path"};
constexpr Argument kContent{"content", "content"};
constexpr Argument kCommand{"command", "command"};
constexpr Argument kOld{"old_string", "old_string"};
constexpr Argument kNew{"new_string", "new_string"};
constexpr Argument kAll{"replace_all", "replace_all"};
constexpr Argument kPattern{"pattern", "pattern"};
constexpr Argument kGlob{"glob", "glob"};

constexpr auto kClaude = std::to_array<Tool>({
    {"Bash", "bash", {kCommand}},
    {"Read", "read_file", {kPath}},
    {"NotebookRead", "read_file", {{{"notebook_path", "path"}}}},
    {"Write", "write_file", {kPath, kContent}},
    {"Edit", "edit_file", {kPath, kOld, kNew, kAll}},
    {"NotebookEdit", "edit_file", {{{"notebook_path", "path"}, {"new_source", "new_string"}}}},
    {"Glob", "glob", {kPattern, kSame}},
    {"Grep", "grep", {kPattern, kSame, kGlob}},
    {"LS", "list_dir", {kSame}},
    {"WebFetch", "web_fetch", {{{"url", "url"}}}},
    {"WebSearch", "web_search", {{{"query", "query"}}}},
});
constexpr auto kCodexTools = std::to_array<Tool>({
    {"Bash", "bash", {kCommand}},
    {"shell", "bash", {kCommand}},
    {"exec_command", "bash", {{{"cmd", "command"}, {"command", "command"}}}},
    {"view_image", "read_file", {kSame}},
});
constexpr auto kGeminiTools = std::to_array<Tool>({
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
});
constexpr auto kGooseTools = std::to_array<Tool>({
    {"developer__shell", "bash", {kCommand}},
    {"developer__write", "write_file", {kSame, kContent}},
    {"developer__edit", "edit_file", {{kSame, {"before", "old_string"}, {"after", "new_string"}}}},
    {"developer__tree", "list_dir", {kSame}},
    {"developer__read_image", "read_file", {{{"source", "path"}}}},
});
constexpr auto kCrushTools = std::to_array<Tool>({
    {"bash", "bash", {kCommand}},
    {"view", "read_file", {kPath}},
    {"write", "write_file", {kPath, kContent}},
    {"edit", "edit_file", {kPath, kOld, kNew, kAll}},
    {"glob", "glob", {kPattern, kSame}},
    {"grep", "grep", {{kPattern, kSame, {"include", "glob"}}}},
    {"ls", "list_dir", {kSame}},
    {"fetch", "web_fetch", {{{"url", "url"}}}},
});

// Version 2 calls bash `shell`, task `subagent`, and every path `path`.
constexpr Argument kFilePath{"filePath", "path"};
constexpr auto kOpencodeTools = std::to_array<Tool>({
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
});

std::span<const Tool> tools_of(Host host) {
  switch (host) {
    case Host::kClaudeCode:
      return kClaude;
    case Host::kCodex:
      return kCodexTools;
    case Host::kGemini:
      return kGeminiTools;
    case Host::kGoose:
      return kGooseTools;
    case Host::kCrush:
      return kCrushTools;
    case Host::kOpencode:
      return kOpencodeTools;
  }
  return {};
}

}  // namespace

const Tool* find_tool(Host host, string_view name) {
  const auto tools = tools_of(host);
  const auto found =
      std::find_if(tools.begin(), tools.end(), [&](const Tool& t) { return t.theirs == name; });
  return found == tools.end() ? nullptr : &*found;
}

bool is_internal(Host host, string_view tool) {
  static constexpr auto kClaudeOnes = std::to_array<string_view>(
      {"TodoWrite",       "TodoRead",      "Task",          "Agent",
       "TaskCreate",      "TaskGet",       "TaskList",      "TaskUpdate",
       "TaskOutput",      "TaskStop",      "EnterPlanMode", "ExitPlanMode",
       "AskUserQuestion", "BashOutput",    "KillBash",      "KillShell",
       "Skill",           "SlashCommand",  "ToolSearch",    "ListAgents",
       "ReportFindings",  "ScheduleWakeup"});
  static constexpr auto kCodexOnes = std::to_array<string_view>(
      {"update_plan", "spawn_agent", "send_input", "wait_agent", "resume_agent", "close_agent",
       "get_goal", "create_goal", "update_goal", "request_user_input"});
  static constexpr auto kGeminiOnes =
      std::to_array<string_view>({"write_todos", "ask_user", "enter_plan_mode", "exit_plan_mode",
                                  "update_topic", "invoke_agent", "complete_task", "activate_skill",
                                  "list_background_processes", "read_background_output"});
  static constexpr auto kCrushOnes =
      std::to_array<string_view>({"todos", "agent", "job_output", "job_kill"});
  static constexpr auto kOpencodeOnes =
      std::to_array<string_view>({"todowrite", "todoread", "task", "subagent", "question",
                                  "plan_enter", "plan_exit", "invalid"});
  const auto among = [&](std::span<const string_view> names) {
    return std::find(names.begin(), names.end(), tool) != names.end();
  };
  switch (host) {
    case Host::kClaudeCode:
      return among(kClaudeOnes);
    case Host::kCodex:
      return among(kCodexOnes);
    case Host::kGemini:
      return among(kGeminiOnes);
    case Host::kCrush:
      return among(kCrushOnes);
    case Host::kOpencode:
      return among(kOpencodeOnes);
    case Host::kGoose:
      break;
  }
  return false;
}

}  // namespace oap::hosts
