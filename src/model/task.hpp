#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap {

enum class TaskStatus { kPending, kPlanning, kExecuting, kReviewing, kCompleted, kFailed };
std::string_view to_string(TaskStatus status);

enum class ExecutionPath { kFast, kAgent };
std::string_view to_string(ExecutionPath path);

/// One step of an ExecutionPlan, as the Planner wrote it and the schema accepted it.
struct PlanStep {
  std::string id;
  std::string description;
  std::string tool;  ///< a tool's public name, or "agent" for work that needs a Worker's own turns
  json::Object arguments;
  std::vector<std::string> dependencies;
  int estimated_time = 0;  ///< seconds
  std::vector<std::string> validation_criteria;
};

struct ExecutionPlan {
  std::string task_id;
  std::vector<PlanStep> steps;
  int estimated_total_time = 0;  ///< seconds
  std::string risk_assessment;
  std::vector<std::string> success_criteria;
};
json::Object to_json(const ExecutionPlan& plan);

struct StepReview {
  std::string step_id;
  bool success = false;
  std::string comment;
};
struct Review {
  bool overall_success = false;
  std::vector<StepReview> step_reviews;
  std::vector<std::string> recommendations;
  double quality_score = 0;
};
json::Object to_json(const Review& review);

}  // namespace oap
