#include "audit/log.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <unistd.h>

#include "audit/chain_file.hpp"
#include "audit/side_file.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

/// Half of what Durability::kWritten promises: the rest is for the sync itself.
constexpr Millis kSyncDelay{10};

}  // namespace

/// Collects what threads want to append: the first of them writes for all that wait by then.
class Log::Core {
 public:
  static Result<std::unique_ptr<Core>> open(Options options);
  ~Core();

  Result<void> append(const Event& event, Durability durability);
  Result<Retired> retire(Millis age);

 private:
  struct Waiting {
    Body body;
    bool sync = false;
    bool done = false;
    std::optional<Error> error;
  };

  Core(Options options, std::unique_ptr<ChainFile> chain, os::UniqueFd export_fd);
  Result<void> submit(Waiting& mine);
  void write_group(std::unique_lock<std::mutex>& lock);
  Result<std::string> write_out(const std::vector<Waiting*>& group, bool sync);
  void note_written(const std::vector<Waiting*>& group, bool synced);
  void sync_later();
  void save_emergency(const Event& event, const Stamp& stamp, const Error& error);

  const Options options_;
  const Clock& clock_;
  std::unique_ptr<ChainFile> chain_;  ///< used by whoever leads
  os::UniqueFd export_fd_;            ///< likewise

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiting*> queue_;
  bool leading_ = false;
  std::optional<Error> broken_;
  bool closing_ = false;
  std::shared_ptr<const os::UniqueFd> unsynced_;
  std::condition_variable written_;
  std::thread syncer_;  ///< there once something was only written
};

Result<std::unique_ptr<Log::Core>> Log::Core::open(Options options) {
  OAP_TRY(std::unique_ptr<ChainFile> chain, ChainFile::open(options));
  os::UniqueFd export_fd;
  if (!options.export_file.empty()) {
    auto opened = open_side_file(options.workspace, options.export_file);
    if (!opened) {
      return fail(Code::kConfiguration, "audit.log_file: {}", opened.error().to_string());
    }
    export_fd = std::move(*opened);
  }
  return std::unique_ptr<Core>(
      new Core(std::move(options), std::move(chain), std::move(export_fd)));
}

Log::Core::Core(Options options, std::unique_ptr<ChainFile> chain, os::UniqueFd export_fd)
    : options_(std::move(options)),
      clock_(options_.clock == nullptr ? system_clock() : *options_.clock),
      chain_(std::move(chain)),
      export_fd_(std::move(export_fd)) {}

Log::Core::~Core() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  written_.notify_all();
  if (syncer_.joinable()) {
    syncer_.join();
  }
}

Result<void> Log::Core::append(const Event& event, Durability durability) {
  const Stamp stamp{new_id("evt_"), format_time(clock_.wall())};
  Waiting mine;
  mine.body = encode(event, stamp);
  mine.sync = durability == Durability::kSync;
  auto appended = submit(mine);
  if (!appended) {
    save_emergency(event, stamp, appended.error());
  }
  return appended;
}

Result<void> Log::Core::submit(Waiting& mine) {
  std::unique_lock lock(mutex_);
  queue_.push_back(&mine);
  while (!mine.done) {
    if (leading_) {
      changed_.wait(lock);
    } else {
      write_group(lock);
    }
  }
  if (mine.error) {
    return fail(*mine.error);
  }
  return {};
}

/// Leads: writes all that waits, with the mutex released meanwhile.
void Log::Core::write_group(std::unique_lock<std::mutex>& lock) {
  leading_ = true;
  std::vector<Waiting*> group;
  group.swap(queue_);
  bool sync = false;
  for (const Waiting* waiting : group) {
    sync = sync || waiting->sync;
  }
  const std::optional<Error> broken = broken_;
  lock.unlock();
  const auto written = broken ? Result<std::string>(fail(*broken)) : write_out(group, sync);
  lock.lock();
  if (written) {
    note_written(group, sync);
  } else if (written.error().code() == Code::kDataLoss) {
    broken_ = written.error();
  }
  for (Waiting* waiting : group) {
    waiting->done = true;
    if (!written) {
      waiting->error = written.error();
    }
  }
  leading_ = false;
  changed_.notify_all();
}

Result<std::string> Log::Core::write_out(const std::vector<Waiting*>& group, bool sync) {
  std::vector<const Body*> bodies;
  bodies.reserve(group.size());
  for (const Waiting* waiting : group) {
    bodies.push_back(&waiting->body);
  }
  auto lines = chain_->append(bodies, sync);
  if (lines && export_fd_) {
    if (auto exported = append_all(export_fd_.get(), *lines, options_.export_file); !exported) {
      log::error("audit", "the additional export failed; the audit log itself is complete",
                 {{"reason", exported.error().to_string()}});
    }
  }
  return lines;
}

/// With the mutex held.
void Log::Core::note_written(const std::vector<Waiting*>& group, bool synced) {
  if (synced || group.empty()) {
    unsynced_.reset();
    return;
  }
  unsynced_ = chain_->segment_file();
  if (!syncer_.joinable()) {
    syncer_ = std::thread([this] { sync_later(); });
  }
  written_.notify_all();
}

void Log::Core::sync_later() {
  std::unique_lock lock(mutex_);
  while (true) {
    written_.wait(lock, [this] { return closing_ || unsynced_ != nullptr; });
    if (unsynced_ == nullptr) {
      return;
    }
    written_.wait_for(lock, kSyncDelay, [this] { return closing_; });
    const std::shared_ptr<const os::UniqueFd> file = std::exchange(unsynced_, nullptr);
    if (file == nullptr) {
      continue;
    }
    lock.unlock();
    const int error = fdatasync(file->get()) == 0 ? 0 : errno;
    lock.lock();
    if (error != 0) {
      broken_ = Error(Code::kUnavailable,
                      fmt::format("the audit log in {} could not be put on disk: {}", options_.dir,
                                  std::strerror(error)),
                      Audience::kOperator);
    }
  }
}

Result<Log::Retired> Log::Core::retire(Millis age) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !leading_; });
  if (broken_) {
    return fail(*broken_);
  }
  leading_ = true;
  lock.unlock();
  auto retired = chain_->retire(age);
  lock.lock();
  leading_ = false;
  changed_.notify_all();
  return retired;
}

void Log::Core::save_emergency(const Event& event, const Stamp& stamp, const Error& error) {
  log::error("audit", "an event could not be recorded",
             {{"event_type", event.event_type}, {"reason", error.to_string()}});
  if (options_.emergency_file.empty()) {
    return;
  }
  const Body body = encode(event, stamp);
  const std::string line =
      fmt::format(R"({{"audit_failure":{},"event":{}0{}0{}}})"
                  "\n",
                  json::quote(error.to_string()), body.head, body.middle, body.tail);
  auto file = open_side_file(options_.workspace, options_.emergency_file);
  auto saved = file ? append_all(file->get(), line, options_.emergency_file)
                    : Result<void>(fail(std::move(file).error()));
  if (!saved) {
    log::error("audit", "nor could it be written to the emergency file",
               {{"reason", saved.error().to_string()}});
  }
}

Log::Log(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(Options options) {
  OAP_TRY(std::unique_ptr<Core> core, Core::open(std::move(options)));
  return std::unique_ptr<Log>(new Log(std::move(core)));
}

Result<void> Log::append(const Event& event, Durability durability) {
  return core_->append(event, durability);
}

Result<Log::Retired> Log::retire(Millis age) { return core_->retire(age); }

}  // namespace oap::audit
