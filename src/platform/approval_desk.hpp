#pragma once

#include "approval/approver.hpp"
#include "approval/pending.hpp"
#include "gateway/gateway.hpp"
#include "permission/engine.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// How long people have been asked, in all: while at least one question is open. Of one thread.
class AskTimer {
 public:
  Millis total() const;
  /// A question is open as long as this lives.
  class Open {
   public:
    explicit Open(AskTimer& timer);
    ~Open();
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    AskTimer& timer_;
  };

 private:
  int open_ = 0;
  SteadyTime since_;
  Millis past_{0};
};

/// Asks through another one, and takes the time. Both outlive it.
class TimedApprover final : public approval::Approver {
 public:
  TimedApprover(approval::Approver& inner, AskTimer& timer) : inner_(inner), timer_(timer) {}
  Task<Result<approval::Answer>> ask(approval::Request request) override;

 private:
  approval::Approver& inner_;
  AskTimer& timer_;
};

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
  approval::Approver* absent() override { return waiting_ ? &*waiting_ : nullptr; }
  Millis patience() const override;
  Result<void> remember(const approval::Request& request) override;
  std::string revision() const override;
  AskTimer& timer() { return timer_; }

 private:
  json::Object shown(const approval::Request& request) const;

  Parts parts_;
  AskTimer timer_;
  std::optional<approval::PendingApprover> pending_;
  std::optional<TimedApprover> waiting_;  // pending_, with its time taken
};

}  // namespace oap::platform
