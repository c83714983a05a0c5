#include "platform/audit_sink.hpp"

#include "async/event.hpp"
#include "audit/log.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"

namespace oap::platform {
namespace {

/// The outcome of one append on its way from the log's thread to the coroutine that waits, where it
/// must.
struct Pending {
  void set(Result<void> outcome) {
    MutexLock lock(mutex);
    result.emplace(std::move(outcome));
    if (written) {
      written->notify_from_any_thread();
    }
  }
  std::optional<Result<void>> take() {
    MutexLock lock(mutex);
    return result;
  }
  async::Event wait_with(const Executor& executor) {
    MutexLock lock(mutex);
    written.emplace(executor);
    if (result) {
      written->notify();
    }
    return *written;
  }

  Mutex mutex;
  std::optional<async::Event> written OAP_GUARDED_BY(mutex);
  std::optional<Result<void>> result OAP_GUARDED_BY(mutex);
};

class LogSink final : public gateway::AuditSink {
 public:
  LogSink(std::unique_ptr<audit::Log> log, Executor executor)
      : log_(std::move(log)), executor_(std::move(executor)) {}

  Task<Result<void>> append(audit::Event event, audit::Durability durability) override {
    auto pending = std::make_shared<Pending>();
    log_->append_async(event, durability,
                       [pending](Result<void> outcome) { pending->set(std::move(outcome)); });
    std::optional<Result<void>> result = pending->take();
    if (!result) {
      async::Event written = pending->wait_with(executor_);
      const Deadline never = Deadline::never();
      co_await written.wait_shielded(never);
      result = pending->take();
    }
    co_return *std::move(result);
  }
  Result<void> append_now(audit::Event event) override {
    return log_->append(event, audit::Durability::kSync);
  }

 private:
  std::unique_ptr<audit::Log> log_;
  Executor executor_;
};

class NoSink final : public gateway::AuditSink {
 public:
  Task<Result<void>> append(audit::Event /*event*/, audit::Durability /*durability*/) override {
    co_return Result<void>{};
  }
  Result<void> append_now(audit::Event /*event*/) override { return {}; }
};

audit::Log::Options log_options(const Settings& settings) {
  audit::Log::Options options;
  options.dir = audit_dir(settings);
  options.workspace = settings.paths.workspace;
  options.export_file = settings.config.security.audit.log_file.value_or("");
  options.emergency_file = ".opencode/emergency_audit.log";
  return options;
}

Millis retention(const Settings& settings) {
  return std::chrono::hours(24) * settings.config.security.audit.retention_days;
}

}  // namespace

std::string audit_dir(const Settings& settings) { return settings.paths.state_dir + "/audit"; }

Result<std::unique_ptr<gateway::AuditSink>> open_audit(const Settings& settings,
                                                       Executor executor) {
  if (!settings.config.security.audit.enabled) {
    return std::unique_ptr<gateway::AuditSink>(std::make_unique<NoSink>());
  }
  OAP_TRY(auto log, audit::Log::open(log_options(settings)));
  if (const auto retired = log->retire(retention(settings)); !retired) {
    log::error("audit", "old segments could not be deleted",
               {{"reason", retired.error().to_string()}});
  }
  return std::unique_ptr<gateway::AuditSink>(
      std::make_unique<LogSink>(std::move(log), std::move(executor)));
}

Result<audit::Log::Retired> retire_audit(const Settings& settings, std::optional<Millis> age) {
  OAP_TRY(auto log, audit::Log::open(log_options(settings)));
  return log->retire(age.value_or(retention(settings)));
}

}  // namespace oap::platform
