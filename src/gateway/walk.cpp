#include "gateway/walk.hpp"

namespace oap::gateway {

void deny(Walk& walk, std::string rule, std::string reason, bool unanswered) {
  Denial denial;
  denial.call_id = walk.call.id;
  denial.server = walk.call.server;
  denial.tool = walk.call.tool;
  denial.arguments = walk.call.arguments;
  denial.rule = std::move(rule);
  denial.reason = std::move(reason);
  denial.unanswered = unanswered;
  walk.outcome.denial = std::move(denial);
}

hooks::Context context_of(const ToolCall& call, const std::string& workspace) {
  return {call.session_id, call.task_id, workspace, call.principal};
}

}  // namespace oap::gateway
