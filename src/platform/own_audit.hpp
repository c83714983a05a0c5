#pragma once

#include <string>

#include "gateway/gateway.hpp"
#include "orchestration/report.hpp"
#include "platform/live_policy.hpp"

namespace oap::platform {

/// What the platform itself writes to the audit, beside the calls that the gateway writes. What
/// cannot be written is a line of the log. What it borrows outlives it. Blocking.
class OwnAudit {
 public:
  OwnAudit(gateway::AuditSink& audit, const gateway::Redactor& redactor, const Principal& principal)
      : audit_(audit), redactor_(redactor), principal_(principal) {}

  void policy_reloaded(const PolicyHealth& health);
  void task_started(const std::string& session_id, const std::string& task_id);
  void task_finished(const std::string& session_id, const orchestration::TaskReport& report);

 private:
  audit::Event event_of(std::string type) const;
  void write(audit::Event event);

  gateway::AuditSink& audit_;
  const gateway::Redactor& redactor_;
  const Principal& principal_;
};

}  // namespace oap::platform
