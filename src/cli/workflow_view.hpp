#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/args.hpp"
#include "gateway/gateway.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/run_report.hpp"

namespace oap::cli {

/// What runs of workflows look like while they go on. One class a format; results come at the end.
/// What it is given holds no secrets.
class WorkflowView {
 public:
  virtual ~WorkflowView() = default;
  /// A run begins to be watched. `blueprint` may be null.
  virtual void begin(const std::string& run_id,
                     std::shared_ptr<const workflow::Blueprint> blueprint) = 0;
  /// The run is durable.
  virtual void started(const std::string& /*run_id*/) {}
  virtual void step(const std::string& run_id, const workflow::StepReport& report) = 0;
  virtual void run(const workflow::RunResult& state) = 0;
  virtual void call(const gateway::Progress& /*progress*/) {}
  /// A line for the person who watches.
  virtual void note(const std::string& text) = 0;
  virtual void tick() {}
  /// While a person is asked something nothing is drawn.
  virtual void asking(bool /*now*/) {}
  /// How one run ended, or stands where it was left.
  virtual void finish(const workflow::RunResult& result, const json::Object& shown) = 0;
};

/// text: on a terminal the graph as a live list on stderr, elsewhere a line for each step that
/// ends; json: nothing; stream-json: an object a line with `type` run, step, tool_call,
/// tool_result, approval. The result is printed by the caller.
std::unique_ptr<WorkflowView> make_workflow_view(Format format);

/// The chain of top-level steps that took the run its time: the ids of those that ran, first to
/// last. Pure.
std::vector<std::string> critical_path(const workflow::Blueprint& blueprint,
                                       const std::vector<workflow::StepReport>& steps);

/// "850 ms", "12.3 s", "3 min 20 s", "2 h 05 min". Pure.
std::string duration_text(Millis time);

/// How long the run took, or has been open until `now`. Pure.
Millis time_of(const workflow::RunResult& run, WallTime now);

/// A step as one line: mark, path, what it waits for, attempts, time. Pure.
std::string step_line(const workflow::StepReport& report, WallTime now);
std::string_view mark_of(workflow::StepState state);

}  // namespace oap::cli
