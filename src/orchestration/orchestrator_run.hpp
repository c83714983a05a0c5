#pragma once

#include "orchestration/orchestrator.hpp"

namespace oap::orchestration {

/// One task on its way. Of the Orchestrator's own files.
struct Orchestrator::Run {
  TaskRequest request;
  TaskReport report;
  TurnLoop loop;
  TurnLoop::Scope scope;
};

}  // namespace oap::orchestration
