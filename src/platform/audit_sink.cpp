#include "platform/audit_sink.hpp"

#include "audit/log.hpp"

namespace oap::platform {
namespace {

class LogSink final : public gateway::AuditSink {
 public:
  explicit LogSink(std::unique_ptr<audit::Log> log) : log_(std::move(log)) {}
  Result<void> append(audit::Event event) override {
    return log_->append(event, audit::Durability::kSync);
  }

 private:
  std::unique_ptr<audit::Log> log_;
};

class NoSink final : public gateway::AuditSink {
 public:
  Result<void> append(audit::Event /*event*/) override { return {}; }
};

}  // namespace

std::string audit_dir(const Settings& settings) { return settings.paths.state_dir + "/audit"; }

Result<std::unique_ptr<gateway::AuditSink>> open_audit(const Settings& settings) {
  if (!settings.config.security.audit.enabled) {
    return std::unique_ptr<gateway::AuditSink>(std::make_unique<NoSink>());
  }
  audit::Log::Options options;
  options.dir = audit_dir(settings);
  options.workspace = settings.paths.workspace;
  options.export_file = settings.config.security.audit.log_file.value_or("");
  options.emergency_file = ".opencode/emergency_audit.log";
  OAP_TRY(auto log, audit::Log::open(std::move(options)));
  return std::unique_ptr<gateway::AuditSink>(std::make_unique<LogSink>(std::move(log)));
}

}  // namespace oap::platform
