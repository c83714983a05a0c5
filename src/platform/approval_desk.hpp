#pragma once

#include "approval/approver.hpp"
#include "approval/pending.hpp"
#include "gateway/gateway.hpp"
#include "permission/engine.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// The platform's side of asking for approval: what is shown of a call (its commands, the change to
/// a file), the pending list where the configuration lets calls wait on it, and "always allow" as
/// rules in the user's permissions.yaml, audited. What it is given outlives it.
class ApprovalDesk final : public approval::Desk {
 public:
  struct Parts {
    const Settings& settings;
    const permission::Engine& engine;
    store::ApprovalRepository& list;
    const gateway::Redactor& redactor;
    gateway::AuditSink& audit;
  };
  explicit ApprovalDesk(Parts parts);

  void describe(approval::Request& request) const override;
  approval::Approver* absent() override { return pending_ ? &*pending_ : nullptr; }
  Millis patience() const override;
  Result<void> remember(const approval::Request& request) override;
  std::string revision() const override;

 private:
  json::Object shown(const approval::Request& request) const;

  Parts parts_;
  std::optional<approval::PendingApprover> pending_;
};

}  // namespace oap::platform
