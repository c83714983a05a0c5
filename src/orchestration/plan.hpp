#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gateway/catalog.hpp"
#include "model/task.hpp"
#include "workflow/graph.hpp"

namespace oap::orchestration {

/// The tool name of steps that a Worker does with turns of its own.
inline constexpr std::string_view kAgentTool = "agent";

/// Turns the Planner's object, already valid by the schema, into a plan; sums what it left out.
ExecutionPlan plan_from_json(const json::Object& object, std::string task_id);

/// What is wrong with a plan beyond its schema (unknown tool, unknown or cyclic dependency,
/// duplicate id), a line each; empty where nothing is.
std::string plan_problems(const ExecutionPlan& plan, const gateway::Catalog& catalog);

/// The plan as the one kind of graph that the executor runs.
Result<workflow::Graph> compile(const ExecutionPlan& plan, Millis step_timeout, int retries);

/// Replaces `${steps.<id>.output}` in string arguments by earlier outputs, in one pass: what an
/// output contains is never expanded again. Unknown ids are kInvalidArgument.
Result<json::Object> resolve_arguments(const json::Object& arguments,
                                       const std::map<std::string, std::string>& outputs);

}  // namespace oap::orchestration
