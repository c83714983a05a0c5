#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gateway/catalog.hpp"
#include "model/task.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::orchestration {

/// The tool name of steps that a Worker does with turns of its own.
inline constexpr std::string_view kAgentTool = "agent";

/// Turns the Planner's object, already valid by the schema, into a plan; sums what it left out.
ExecutionPlan plan_from_json(const json::Object& object, std::string task_id);

/// What is wrong with a plan beyond its schema (unknown tool, unknown or cyclic dependency,
/// duplicate id), a line each; empty where nothing is.
std::string plan_problems(const ExecutionPlan& plan, const gateway::Catalog& catalog);

/// How the steps of a plan are run.
struct PlanLimits {
  Millis step_timeout{600'000};  ///< of one attempt
  int retries = 0;               ///< of steps that only read
  int max_parallel = 4;
};

/// The ids that the plan's steps have as steps of a workflow, in the plan's order: their own where
/// those are such ids and differ. Pure.
std::vector<std::string> workflow_ids(const ExecutionPlan& plan);

/// The plan as a workflow: what the one engine runs. kInvalidArgument, a problem a line.
Result<std::shared_ptr<const workflow::Blueprint>> compile(const ExecutionPlan& plan,
                                                           const PlanLimits& limits);

/// Replaces `${steps.<id>.output}` in string arguments by earlier outputs, in one pass: what an
/// output contains is never expanded again. Unknown ids are kInvalidArgument.
Result<json::Object> resolve_arguments(const json::Object& arguments,
                                       const std::map<std::string, std::string>& outputs);

}  // namespace oap::orchestration
