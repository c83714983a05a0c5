#include "model/task.hpp"

namespace oap {
namespace {

json::Array strings(const std::vector<std::string>& items) {
  json::Array array;
  for (const std::string& item : items) {
    array.emplace_back(item);
  }
  return array;
}

}  // namespace

std::string_view to_string(TaskStatus status) {
  switch (status) {
    case TaskStatus::kPending:
      return "pending";
    case TaskStatus::kPlanning:
      return "planning";
    case TaskStatus::kExecuting:
      return "executing";
    case TaskStatus::kReviewing:
      return "reviewing";
    case TaskStatus::kCompleted:
      return "completed";
    case TaskStatus::kFailed:
      return "failed";
  }
  return "failed";
}

std::string_view to_string(ExecutionPath path) {
  return path == ExecutionPath::kFast ? "fast" : "agent";
}

json::Object to_json(const ExecutionPlan& plan) {
  json::Array steps;
  for (const PlanStep& step : plan.steps) {
    json::Object out;
    out["id"] = step.id;
    out["description"] = step.description;
    out["tool"] = step.tool;
    out["arguments"] = step.arguments;
    out["dependencies"] = strings(step.dependencies);
    out["estimated_time"] = step.estimated_time;
    out["validation_criteria"] = strings(step.validation_criteria);
    steps.push_back(std::move(out));
  }
  json::Object out;
  out["task_id"] = plan.task_id;
  out["steps"] = std::move(steps);
  out["estimated_total_time"] = plan.estimated_total_time;
  out["risk_assessment"] = plan.risk_assessment;
  out["success_criteria"] = strings(plan.success_criteria);
  return out;
}

json::Object to_json(const Review& review) {
  json::Object steps;
  for (const StepReview& step : review.step_reviews) {
    json::Object out;
    out["success"] = step.success;
    out["comment"] = step.comment;
    steps[step.step_id] = std::move(out);
  }
  json::Object out;
  out["overall_success"] = review.overall_success;
  out["step_reviews"] = std::move(steps);
  out["recommendations"] = strings(review.recommendations);
  out["quality_score"] = review.quality_score;
  return out;
}

}  // namespace oap
