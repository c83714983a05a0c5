#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/workflows.hpp"

namespace oap::platform {

/// One step of a workflow as it would run, as far as that is known before it runs.
struct PlannedStep {
  std::string path;
  std::string type;
  std::size_t lane = 0;  ///< 0: may begin at once; else after those of the lane before
  std::vector<std::string> needs;
  std::string condition;         ///< `if` as written
  std::optional<bool> runs;      ///< what `if` comes to; nothing: not known before
  std::optional<ToolCall> call;  ///< of a tool or script step whose arguments are known
  bool has_secret = false;       ///< something secret is in its arguments
  std::string unknown;           ///< why the call is not known
  std::optional<hooks::BeforeOutcome> verdict;  ///< what the guards say of the call
  std::string note;                             ///< effect, attempts, time, in words
};

/// Renders what can be rendered with these inputs and asks the guards about each call; nothing is
/// run, asked or audited. In the author's order, blocks inside blocks included.
Task<std::vector<PlannedStep>> plan_workflow(Workflows& workflows, LoadedWorkflow loaded,
                                             json::Object inputs);

}  // namespace oap::platform
