#include "cli/workflow_audit.hpp"

#include <utility>

#include "cli/output.hpp"

namespace oap::cli {

void audit_order(platform::Platform& platform, const GivenOrder& order, const Result<void>& done) {
  audit::Event event;
  event.event_type = "workflow_order";
  event.user_id = platform.principal().user_id;
  event.role = platform.principal().role;
  event.action = order.action;
  event.success = done.has_value();
  event.reason = platform.redactor().redact(order.comment);
  if (!done) {
    event.error = platform.redactor().redact(done.error().to_string());
  }
  if (order.action == "approve") {
    event.approver = event.user_id;
    event.permission_decision = order.refused ? "deny" : "allow";
  }
  event.details = {{"run_id", order.run_id}, {"step", order.step}};
  if (const auto written = platform.audit().append_now(std::move(event)); !written) {
    print_error("the order was not audited: " + written.error().to_string());
  }
}

}  // namespace oap::cli
