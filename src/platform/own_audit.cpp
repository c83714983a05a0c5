#include "platform/own_audit.hpp"

#include "audit/log.hpp"
#include "base/log.hpp"

namespace oap::platform {

audit::Event OwnAudit::event_of(std::string type) const {
  audit::Event event;
  event.event_type = std::move(type);
  event.user_id = principal_.user_id;
  event.role = principal_.role;
  return event;
}

void OwnAudit::write(audit::Event event) {
  const std::string type = event.event_type;
  if (const auto written = audit_.append_now(std::move(event)); !written) {
    log::error("platform", "an event of the platform was not audited",
               {{"event", type}, {"error", written.error().to_string()}});
  }
}

void OwnAudit::policy_reloaded(const PolicyHealth& health) {
  audit::Event event = event_of("policy_reload");
  event.success = health.problem.empty();
  event.error = redactor_.redact(health.problem);
  event.details = {{"policy_revision", health.revision}};
  write(std::move(event));
}

void OwnAudit::task_started(const std::string& session_id, const std::string& task_id) {
  audit::Event event = event_of("task_started");
  event.session_id = session_id;
  event.task_id = task_id;
  write(std::move(event));
}

void OwnAudit::task_finished(const std::string& session_id,
                             const orchestration::TaskReport& report) {
  audit::Event event = event_of("task_finished");
  event.session_id = session_id;
  event.task_id = report.task_id;
  event.success = report.success();
  event.execution_time_ms = report.duration.count();
  if (report.error) {
    event.error = redactor_.redact(report.error->to_string());
  }
  write(std::move(event));
}

}  // namespace oap::platform
