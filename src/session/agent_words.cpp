#include "session/agent_words.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {
namespace {

std::string shown(std::string_view word) {
  return text::escape_visible(text::truncate_utf8(word, 100));
}

/// The word that was meant; "" where it is one of them, or near none.
std::string meant(std::string_view word, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) {
    return "";
  }
  const std::string lower = text::lower_ascii(word);
  for (const std::string& one : words) {
    if (text::lower_ascii(one) == lower) {
      return one;
    }
  }
  return text::nearest(word, words).value_or("");
}

}  // namespace

std::string unknown_key(std::string_view key) {
  static const std::vector<std::string> kKeys = {
      "name",         "description",     "mode",           "model",    "variant",
      "temperature",  "top_p",           "topP",           "prompt",   "tools",
      "permission",   "disable",         "hidden",         "color",    "steps",
      "maxSteps",     "options",         "max_turns",      "maxTurns", "max_tokens",
      "maxTokens",    "disallowedTools", "permissionMode", "skills",   "mcpServers",
      "hooks",        "memory",          "background",     "effort",   "isolation",
      "initialPrompt"};
  if (const std::string key_meant = meant(key, kKeys); !key_meant.empty()) {
    return fmt::format("{}: no key of an agent (did you mean '{}'?)", shown(key), key_meant);
  }
  if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) {
    return "";
  }
  const std::string lower = text::lower_ascii(key);
  for (const char* const word : {"tool", "permission", "allow", "deny", "denied", "forbid"}) {
    if (text::contains(lower, word)) {
      return fmt::format(
          "{}: no key of an agent; what it may not do is said by tools, disallowedTools and "
          "permission",
          shown(key));
    }
  }
  return "";
}

std::string misspelt_tool(std::string_view tool) {
  static const std::vector<std::string> kTools = {"bash",
                                                  "delegate_task",
                                                  "edit_file",
                                                  "glob",
                                                  "grep",
                                                  "list_dir",
                                                  "python",
                                                  "read_file",
                                                  "read_output",
                                                  "run_command",
                                                  "skill",
                                                  "todo",
                                                  "write_file",
                                                  "read",
                                                  "write",
                                                  "edit",
                                                  "multiedit",
                                                  "patch",
                                                  "list",
                                                  "ls",
                                                  "task",
                                                  "agent",
                                                  "webfetch",
                                                  "websearch",
                                                  "todowrite",
                                                  "todoread",
                                                  "question",
                                                  "lsp",
                                                  "codesearch",
                                                  "apply_patch",
                                                  "doom_loop",
                                                  "bashoutput",
                                                  "killshell",
                                                  "notebookedit",
                                                  "notebookread",
                                                  "exitplanmode",
                                                  "askuserquestion",
                                                  "slashcommand",
                                                  "external_directory"};
  const std::string name =
      text::lower_ascii(text::trim(tool.substr(0, std::min(tool.find('('), tool.size()))));
  const std::string tool_meant = meant(name, kTools);
  return tool_meant.empty()
             ? ""
             : fmt::format("'{}' is no tool (did you mean '{}'?)", shown(tool), tool_meant);
}

std::string unknown_decision(std::string_view decision) {
  static const std::vector<std::string> kDecisions = {"allow", "ask", "deny"};
  if (std::find(kDecisions.begin(), kDecisions.end(), decision) != kDecisions.end()) {
    return "";
  }
  const std::string decision_meant = meant(decision, kDecisions);
  return fmt::format("'{}' is not allow, ask or deny{}", shown(decision),
                     decision_meant.empty() ? "" : "; write " + decision_meant);
}

}  // namespace oap::session
