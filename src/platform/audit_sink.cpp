#include "platform/audit_sink.hpp"

#include "async/handover.hpp"
#include "audit/late_log.hpp"
#include "base/log.hpp"

namespace oap::platform {
namespace {

class LogSink final : public gateway::AuditSink {
 public:
  explicit LogSink(std::shared_ptr<audit::Log> log) : log_(std::move(log)) {}

  Task<Result<void>> append(audit::Event event, audit::Durability durability) override {
    const async::Handover<Result<void>> written;
    log_->append_async(event, durability,
                       [written](Result<void> outcome) { written.give(std::move(outcome)); });
    co_return co_await written.take();
  }
  Result<void> append_now(audit::Event event) override {
    return log_->append(event, audit::Durability::kSync);
  }

 private:
  std::shared_ptr<audit::Log> log_;
};

/// Where configuration puts work above its record: what cannot be recorded runs all the same. The
/// log has kept what it could in the emergency file and has logged an error for each event.
class WillingSink final : public gateway::AuditSink {
 public:
  explicit WillingSink(std::unique_ptr<gateway::AuditSink> log) : log_(std::move(log)) {}

  Task<Result<void>> append(audit::Event event, audit::Durability durability) override {
    const auto recorded = co_await log_->append(std::move(event), durability);
    go_on(recorded);
    co_return Result<void>{};
  }
  Result<void> append_now(audit::Event event) override {
    go_on(log_->append_now(std::move(event)));
    return {};
  }

 private:
  static void go_on(const Result<void>& recorded) {
    if (!recorded) {
      log::error("audit", "security.audit.failure_policy is continue: unrecorded work goes on",
                 {{"reason", recorded.error().to_string()}});
    }
  }

  std::unique_ptr<gateway::AuditSink> log_;
};

/// A log that cannot be opened yet, where configuration puts work above its record. Nothing here
/// waits for it.
class LateSink final : public gateway::AuditSink {
 public:
  LateSink(audit::Log::Options options, Millis retention, Error why)
      : late_(std::move(options), retention, std::move(why)) {}

  Task<Result<void>> append(audit::Event event, audit::Durability durability) override {
    auto sink = sink_for(event);
    if (sink == nullptr) {
      co_return Result<void>{};
    }
    co_return co_await sink->append(std::move(event), durability);
  }
  Result<void> append_now(audit::Event event) override {
    auto sink = sink_for(event);
    return sink == nullptr ? Result<void>{} : sink->append_now(std::move(event));
  }

 private:
  std::unique_ptr<gateway::AuditSink> sink_for(const audit::Event& event) {
    auto log = late_.log_for(event);
    if (log == nullptr) {
      log::error("audit", "security.audit.failure_policy is continue: unrecorded work goes on");
      return nullptr;
    }
    return std::make_unique<WillingSink>(std::make_unique<LogSink>(std::move(log)));
  }

  audit::LateLog late_;
};

class NoSink final : public gateway::AuditSink {
 public:
  Task<Result<void>> append(audit::Event /*event*/, audit::Durability /*durability*/) override {
    co_return Result<void>{};
  }
  Result<void> append_now(audit::Event /*event*/) override { return {}; }
};

/// Where work goes on in any case, it does not wait long for another process's lock.
constexpr Millis kContinueWait{1'000};

audit::Log::Options log_options(const Settings& settings) {
  audit::Log::Options options;
  options.dir = audit_dir(settings);
  options.workspace = settings.paths.workspace;
  options.export_file = settings.config.security.audit.log_file.value_or("");
  options.emergency_file = ".opencode/emergency_audit.log";
  options.encryption_keys = settings.config.security.audit.encryption_key.value_or("");
  if (settings.config.security.audit.continue_on_failure) {
    options.export_may_fail = true;
    options.lock_wait = kContinueWait;
  }
  return options;
}

Millis retention(const Settings& settings) {
  return std::chrono::hours(24) * settings.config.security.audit.retention_days;
}

}  // namespace

std::string audit_dir(const Settings& settings) { return settings.paths.state_dir + "/audit"; }

Result<std::unique_ptr<gateway::AuditSink>> open_audit(const Settings& settings) {
  if (!settings.config.security.audit.enabled) {
    return std::unique_ptr<gateway::AuditSink>(std::make_unique<NoSink>());
  }
  audit::Log::Options options = log_options(settings);
  auto opened = audit::Log::open(options);
  const bool go_on = settings.config.security.audit.continue_on_failure &&
                     (opened || opened.error().code() != Code::kConfiguration);
  if (!opened && go_on) {
    log::error("audit", "the audit log cannot be opened; security.audit.failure_policy is continue",
               {{"reason", opened.error().to_string()}});
    return std::unique_ptr<gateway::AuditSink>(std::make_unique<LateSink>(
        std::move(options), retention(settings), std::move(opened).error()));
  }
  OAP_TRY(auto log, std::move(opened));
  if (const auto retired = log->retire_due(retention(settings)); !retired) {
    log::error("audit", "old segments could not be deleted",
               {{"reason", retired.error().to_string()}});
  }
  std::unique_ptr<gateway::AuditSink> sink = std::make_unique<LogSink>(std::move(log));
  if (settings.config.security.audit.continue_on_failure) {
    sink = std::make_unique<WillingSink>(std::move(sink));
  }
  return sink;
}

Result<std::unique_ptr<audit::Log>> open_audit_log(const Settings& settings) {
  return audit::Log::open(log_options(settings));
}

std::unique_ptr<gateway::AuditSink> awaited_log(std::shared_ptr<audit::Log> log) {
  return std::make_unique<LogSink>(std::move(log));
}

Result<audit::Log::Retired> retire_audit(const Settings& settings, std::optional<Millis> age) {
  OAP_TRY(auto log, open_audit_log(settings));
  return log->retire(age.value_or(retention(settings)));
}

}  // namespace oap::platform
