#pragma once

#include "gateway/gateway.hpp"
#include "orchestration/report.hpp"
#include "platform/platform.hpp"

namespace oap::platform {

// Copies without secrets, for everyone who only watches or stores. The redactor outlives the
// observers made with it. Approvers alone see the exact arguments.
Message redacted(const gateway::Redactor& redactor, const Message& message);
orchestration::TaskReport redacted(const gateway::Redactor& redactor,
                                   orchestration::TaskReport report);
gateway::ProgressObserver redacted(const gateway::Redactor& redactor,
                                   gateway::ProgressObserver observer);
/// A model's text comes in pieces: what may still become a secret is held back, at most until the
/// answer is whole (`on_usage`).
orchestration::RunEvents redacted(const security::SecretScanner& scanner,
                                  orchestration::RunEvents events);

}  // namespace oap::platform
