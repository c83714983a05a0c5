#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "audit/checkpoint.hpp"
#include "audit/core.hpp"
#include "base/log.hpp"

namespace oap::audit {
namespace {

/// How long the writer thread goes on with a timer after the last work: whoever defers a record
/// need not wake it then.
constexpr Millis kLinger{2};

}  // namespace

/// With the mutex held. Whether the writer thread is there now.
bool Log::Core::start_writer() {
  if (!writer_.joinable()) {
    try {
      writer_ = std::thread([this] { run_writer(); });
    } catch (const std::system_error&) {
      return false;
    }
  }
  return true;
}

void Log::Core::run_writer() {
  Lock lock(mutex_);
  while (!closing_ || !queue_.empty() || !finished_.empty() || leading_ || unsynced_.file) {
    if (!do_due_work(lock)) {
      sleep(lock);
    }
  }
}

/// Does the first thing that is due, with the mutex released meanwhile; whether there was one.
bool Log::Core::do_due_work(Lock& lock) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (unsynced_.file != nullptr && (closing_ || now >= sync_at_)) {
    sync_file(lock);
  } else if (!finished_.empty()) {
    auto finished = std::exchange(finished_, {});
    lock.unlock();
    for (auto& record : finished) {
      finish(std::move(record));
    }
    lock.lock();
  } else if (!leading_ && (unattended_ > 0 || (deferred_ > 0 && (closing_ || now >= write_at_)))) {
    was_busy_ = true;
    write_group(lock);
  } else if (!leading_ && !closing_ && !broken_ && chain_->wants_room()) {
    make_room(lock);
  } else if (!leading_ && !closing_ && wants_sealing()) {
    start_sealing();
  } else {
    return false;
  }
  return true;
}

/// Until something is due, or it is told of work.
void Log::Core::sleep(Lock& lock) {
  std::optional<SteadyTime> until;
  if (unsynced_.file != nullptr) {
    until = sync_at_;
  }
  if (deferred_ > 0 && !leading_) {
    until = until ? std::min(*until, write_at_) : write_at_;
  }
  if (!until && was_busy_ && !leading_) {
    was_busy_ = false;
    until = std::chrono::steady_clock::now() + kLinger;
  }
  if (until) {
    work_.wait_until(lock, *until);
    return;
  }
  sleeping_ = true;
  work_.wait(lock);
  sleeping_ = false;
}

void Log::Core::finish(std::unique_ptr<Record> record) {
  if (record->error) {
    save_emergency(*record, *record->error);
  }
  if (!record->call) {
    return;
  }
  if (record->error) {
    record->call(fail(*std::move(record->error)));
  } else {
    record->call({});
  }
}

void Log::Core::sync_file(Lock& lock) {
  const ChainFile::Unsynced due = std::exchange(unsynced_, {});
  lock.unlock();
  const int error = fdatasync(due.file->get()) == 0 ? 0 : errno;
  lock.lock();
  if (error == 0) {
    synced_ = due;
    return;
  }
  broken_ = Error(Code::kUnavailable,
                  fmt::format("the audit log in {} could not be put on disk: {}", options_.dir,
                              std::strerror(error)),
                  Audience::kOperator);
  log::error("audit", "records may not be on disk; the log refuses more until that is mended",
             {{"reason", broken_->to_string()}});
}

/// The sync costs a call that syncs meanwhile some time, so it is done for a part at a time.
void Log::Core::make_room(Lock& lock) {
  leading_ = true;
  lock.unlock();
  const ChainFile::Unsynced made = chain_->make_room();
  lock.lock();
  end_lead();
  if (made.file != nullptr) {
    lock.unlock();
    (void)fdatasync(made.file->get());
    lock.lock();
  }
}

/// With the mutex held, and nobody leading.
void Log::Core::start_sealing() {
  if (sealer_.joinable()) {
    sealer_.join();
  }
  sealed_rotations_ = chain_->rotations();
  indexed_ = chain_->unsynced().size;
  sealing_ = true;
  try {
    sealer_ = std::thread([this] {
      constexpr int kLowest = 19;
      seal();
      (void)setpriority(PRIO_PROCESS, 0, kLowest);
      index();
      sealing_ = false;
    });
  } catch (const std::system_error&) {
    sealing_ = false;
  }
}

void Log::Core::seal() const {
  if (const auto made = make_checkpoints(options_.dir, false, clock_.wall()); !made) {
    log::error("audit", "a segment could not be sealed; the audit log itself is complete",
               {{"reason", made.error().to_string()}});
  }
}

/// What is found only makes searches faster, so that it fails is no error.
void Log::Core::index() const {
  std::unique_ptr<Keyring> keys;
  if (!options_.encryption_keys.empty()) {
    auto masters = parse_keys(options_.encryption_keys);
    auto ring = masters ? Keyring::open(options_.dir, *std::move(masters), false, clock_.wall())
                        : Result<std::unique_ptr<Keyring>>(fail(masters.error()));
    if (!ring) {
      return;
    }
    keys = *std::move(ring);
  }
  make_indexes(options_.dir, keys.get(), stop_);
}

}  // namespace oap::audit
