#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "orchestration/mission/checklist.hpp"
#include "orchestration/mission/evidence.hpp"
#include "orchestration/mission/todo.hpp"

namespace oap::orchestration {

/// All that a mission's end is judged by. Files that are absent are not set; one that is there but
/// cannot be read is an entry of `unreadable`.
struct CompletionInput {
  std::string todo_path = ".opencode/todo.md";  ///< where the plan is, from the workspace
  std::optional<std::string> todo;
  std::optional<std::string> checklist;
  std::optional<std::string> sync_issues;
  std::vector<std::string> unreadable;  ///< a sentence each
  std::vector<Evidence> evidence;       ///< oldest first
  std::string tree;                     ///< of now; "" where it could not be taken
  std::string tree_at_start;
  std::vector<std::string> changed;   ///< files that changed since the last passing command
  bool changed_programs = false;      ///< since the start, and not only texts
  std::vector<std::string> weakened;  ///< checks that were replaced or taken away; told
  std::vector<std::string> dropped;   ///< open items that left the plan; told, no obstacle
  std::vector<std::string> children;  ///< delegated tasks that have not ended, "task_… (worker)"
};

/// What the plan, the lists and the evidence say of the end.
struct CompletionVerdict {
  bool complete = false;
  bool has_plan = false;
  bool plan_closed = false;        ///< every leaf is done or cancelled
  bool only_blocked = false;       ///< what is left of the plan is blocked, each leaf of it
  std::vector<std::string> open;   ///< what stands against the end, a sentence each, by name
  std::vector<std::string> notes;  ///< to be reported, but no obstacle: what was cancelled
  TodoCounts counts;
  std::size_t checks_done = 0;
  std::size_t checks_total = 0;
  /// Of all that is open and of the tree: the same again means no progress.
  std::string fingerprint;
};

/// A mission is complete when its plan is sound and every leaf closed, its checklist ticked, no
/// sync issue open, no delegated task under way, at least one leaf is done, and the runtime's
/// evidence agrees: where programs differ from the start, something ran and passed on the tree as
/// it is now (Shows::kRun); where other files do, they were at least looked at; where nothing
/// changed, some call succeeded. What a `check:` names must show something and have passed on this
/// tree, and the last command that verifies by its name must not have failed. Pure.
CompletionVerdict judge_completion(const CompletionInput& input);

}  // namespace oap::orchestration
