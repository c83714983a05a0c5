#pragma once

#include <memory>

#include "gateway/gateway.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// The workspace's audit log as the gateway's sink, awaited on `executor`, which outlives it. Where
/// `security.audit.enabled` is false, a sink that keeps nothing.
Result<std::unique_ptr<gateway::AuditSink>> open_audit(const Settings& settings, Executor executor);

/// The folder of the segments.
std::string audit_dir(const Settings& settings);

}  // namespace oap::platform
