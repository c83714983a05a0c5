#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::session {

/// An agent as one Markdown file defines it, in OpenCode's or Claude Code's words. Data.
struct AgentDefinition {
  std::string name;
  std::string description;
  std::string mode = "all";  ///< primary, subagent, all
  std::string model;         ///< provider/model; empty, or `inherit`: the configured one
  std::optional<double> temperature;
  std::optional<int> max_tokens;
  std::optional<int> max_turns;
  /// Names as `skills::ToolScope` takes them; without a value: those of the role.
  std::optional<std::vector<std::string>> tools;
  std::vector<std::string> disallowed_tools;
  bool may_edit = true;
  bool may_run = true;
  bool may_delegate = false;
  std::optional<bool> network;
  std::string prompt;  ///< the body
  std::string file;
  std::vector<std::string> remarks;  ///< what of it counts differently here, a sentence each
};

struct AgentSources {
  std::string workspace;
  std::string project_dir;
  std::string user_dir;
  std::string home;
  bool trusted = false;  ///< false: nothing of the project counts
};

struct AgentListing {
  std::vector<AgentDefinition> agents;  ///< by name; a project's hides a user's
  std::vector<std::string> problems;
  /// By name: why its file was not understood. No agent of that name may run in its stead.
  std::map<std::string, std::string> refused;

  const AgentDefinition* find(std::string_view name) const;
};

/// The agents of `agents/` and `agent/` in the project's and the user's folder, and of
/// `.claude/agents` in both; three folders deep. Links, files over 256 KiB, and more than 500 files
/// are left out with a sentence. Blocking reads.
AgentListing find_agents(const AgentSources& sources);

/// One file's text; `name` is the file's, where its head names none. Fields of both hosts: name,
/// description, mode, model, temperature, prompt, tools (a list, or a map of booleans), permission
/// (edit, bash, task, webfetch: only `deny` counts, as rights are only taken away here),
/// disallowedTools, maxTurns, steps, max_tokens, disable. Other keys of both hosts are let be, and
/// those that say nothing of rights; one that is nearly known, and a misspelt tool or decision, are
/// refused, as what they take away would stay.
/// kConfiguration "file:line: …". Pure.
Result<AgentDefinition> parse_agent(std::string_view text, std::string name, std::string file);

}  // namespace oap::session
