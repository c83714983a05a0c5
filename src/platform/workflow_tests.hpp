#pragma once

#include <string>
#include <vector>

#include "platform/workflow_cases.hpp"
#include "platform/workflows.hpp"

namespace oap::platform {

struct WorkflowTestResult {
  std::string name;
  std::string where;
  std::string status;                 ///< how the run ended
  std::vector<std::string> problems;  ///< sentences; empty: it passed
  Millis duration{0};
};

/// Runs one case of a workflow's tests: the real engine on a store of its own, every tool, script
/// and agent call answered by a stub. Nothing is run, asked or contacted. Timers and pauses between
/// attempts take no time; a run that does not end within a minute fails the case.
Task<WorkflowTestResult> run_workflow_test(const Workflows& workflows, std::string file,
                                           WorkflowTestCase test);

}  // namespace oap::platform
