#include "store/sqlite/wal_sync.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.hpp"

namespace oap::store::sqlite {
namespace {

int sync_data(int fd) { return ::fdatasync(fd) == 0 ? 0 : errno; }

Error not_synced(const std::string& path, const char* doing, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return {
      full ? Code::kResourceExhausted : Code::kFailedPrecondition,
      fmt::format("{} {} failed ({}): what was written last may not be on disk. Nothing more is "
                  "written; make room or mend the disk, then start again",
                  doing, path, std::strerror(error_number)),
      Audience::kOperator};
}

}  // namespace

WalSync::WalSync(std::string wal_path, Sync sync)
    : path_(std::move(wal_path)), sync_(sync ? std::move(sync) : Sync(sync_data)) {}

WalSync::~WalSync() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

/// Signals belong to the main thread.
void WalSync::start() {
  if (thread_.joinable() || failure_) {
    return;
  }
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    failure_ = not_synced(path_, "a thread to sync", error.code().value());
    failed_ = true;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void WalSync::written() {
  {
    MutexLock lock(mutex_);
    if (due_ || !waiting_.empty()) {
      return;
    }
    due_ = std::chrono::steady_clock::now() + kLongest;
    start();
  }
  changed_.notify_one();
}

void WalSync::when_synced(Done done) {
  std::optional<Error> failed;
  {
    MutexLock lock(mutex_);
    start();
    failed = failure_;
    if (!failed) {
      waiting_.push_back(std::move(done));
    }
  }
  if (failed) {
    done(fail(*std::move(failed)));
  } else {
    changed_.notify_one();
  }
}

Error WalSync::failure() {
  MutexLock lock(mutex_);
  return failure_.value_or(Error(Code::kInternal, "the state database is in order"));
}

void WalSync::fail_with(Error why) {
  MutexLock lock(mutex_);
  if (!failure_) {
    failure_ = std::move(why);
    failed_ = true;
  }
}

Result<void> WalSync::open_file() {
  file_ = os::UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file_) {
    return fail(not_synced(path_, "opening", errno));
  }
  const std::string folder = path_.substr(0, path_.rfind('/') + 1);
  const os::UniqueFd names(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!names || (::fsync(names.get()) != 0 && errno != EINVAL && errno != EROFS)) {
    return fail(not_synced(folder, "syncing", errno));
  }
  return {};
}

Result<void> WalSync::sync_file() {
  if (!file_) {
    OAP_CHECK_OK(open_file());
  }
  if (const int error = sync_(file_.get()); error != 0) {
    return fail(not_synced(path_, "syncing", error));
  }
  return {};
}

void WalSync::run() {
  while (true) {
    std::vector<Done> batch;
    Result<void> outcome;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !ending_ && (!due_ || std::chrono::steady_clock::now() < *due_)) {
        if (due_) {
          const SteadyTime until = *due_;  // the wait reads it while the mutex is free
          changed_.wait_until(mutex_, until);
        } else {
          changed_.wait(mutex_);
        }
      }
      if (waiting_.empty() && !due_) {
        return;
      }
      batch = std::exchange(waiting_, {});
      due_.reset();
      if (failure_) {
        outcome = fail(*failure_);
      }
    }
    if (outcome) {
      outcome = sync_file();
      if (!outcome) {
        log::error("store", "the state database could not be synced",
                   {{"reason", outcome.error().to_string()}});
        fail_with(outcome.error());
      }
    }
    for (Done& done : batch) {
      done(outcome);
    }
  }
}

}  // namespace oap::store::sqlite
