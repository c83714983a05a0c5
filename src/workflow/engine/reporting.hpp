#pragma once

#include <functional>
#include <string>

#include "workflow/machine/state.hpp"
#include "workflow/run_report.hpp"

namespace oap::workflow {

/// Puts a value in place of its reference.
using Resolve = std::function<json::Value(const json::Value&)>;

StepReport report_step(const State& state, NodeId node);
/// With `full` also steps and outputs, large ones resolved (of steps: up to 64 MB of them).
RunResult report_run(const State& state, const std::string& run_id, bool full,
                     const Resolve& resolve = {});

}  // namespace oap::workflow
