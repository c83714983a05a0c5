#include "audit/late_log.hpp"

#include <system_error>
#include <utility>

#include "audit/emergency.hpp"
#include "base/log.hpp"

namespace oap::audit {
LateLog::LateLog(Log::Options options, Millis retention, Error why, Millis again)
    : options_(std::move(options)), retention_(retention), again_(again), why_(std::move(why)) {
  try {
    opener_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    log::error("audit", "the audit log will not be tried again: no thread could be started",
               {{"dir", options_.dir}});
  }
}

LateLog::~LateLog() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (opener_.joinable()) {
    opener_.join();
  }
}

std::shared_ptr<Log> LateLog::log_for(const Event& event) {
  Lock lock(mutex_);
  if (log_ != nullptr) {
    return log_;
  }
  ++refused_;
  const Error why = why_;
  lock.unlock();
  save_emergency(options_, event, why);
  return nullptr;
}

bool LateLog::wait(Deadline deadline) {
  Lock lock(mutex_);
  const auto is_open = [this] { return log_ != nullptr; };
  if (deadline.is_never()) {
    changed_.wait(lock, is_open);
    return true;
  }
  return changed_.wait_until(lock, *deadline.time(), is_open);
}

void LateLog::run() {
  Lock lock(mutex_);
  do {
    changed_.wait_for(lock, again_, [this] { return closing_; });
  } while (!closing_ && !try_again(lock));
  if (log_ == nullptr) {
    return;
  }
  lock.unlock();
  if (const auto retired = log_->retire_due(retention_); !retired) {
    log::error("audit", "old segments could not be deleted",
               {{"reason", retired.error().to_string()}});
  }
}

/// With the mutex held, but not while it waits. The log is given out once it tells of all that was
/// refused.
bool LateLog::try_again(Lock& lock) {
  lock.unlock();
  auto opened = Log::open(options_);
  lock.lock();
  while (opened && told_ < refused_ && !closing_) {
    const std::uint64_t count = refused_ - told_;
    const Error why = why_;
    lock.unlock();
    const auto noted = (*opened)->note_refused(count, why);
    if (!noted) {
      opened = fail(noted.error());
    }
    lock.lock();
    told_ += opened ? count : 0;
  }
  if (!opened) {
    why_ = opened.error();
    return false;
  }
  if (told_ < refused_) {
    return false;
  }
  log_ = *std::move(opened);
  changed_.notify_all();
  return true;
}

}  // namespace oap::audit
