#pragma once

#include <memory>

#include "audit/log.hpp"
#include "gateway/gateway.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// The workspace's audit log as the gateway's sink. Where `security.audit.enabled` is false, a sink
/// that keeps nothing. With failure_policy `continue` its appends always succeed, also where the
/// log, or `security.audit.log_file`, cannot be opened: that is tried again, on a thread apart,
/// while work goes on.
Result<std::unique_ptr<gateway::AuditSink>> open_audit(const Settings& settings);

/// The same log, for commands.
Result<std::unique_ptr<audit::Log>> open_audit_log(const Settings& settings);

/// An open log as a sink; fails where the log does.
std::unique_ptr<gateway::AuditSink> awaited_log(std::shared_ptr<audit::Log> log);

/// Deletes whole segments older than `age` (none: `security.audit.retention_days`) after a signed
/// tombstone. `open_audit` does so too.
Result<audit::Log::Retired> retire_audit(const Settings& settings, std::optional<Millis> age);

/// The folder of the segments.
std::string audit_dir(const Settings& settings);

}  // namespace oap::platform
