#include "audit/log.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
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
constexpr std::string_view kNoThread = "the audit log's writer thread could not be started";

}  // namespace

/// Collects what is to be appended: whoever leads writes all that waits by then. Threads that wait
/// lead themselves; for those that do not the writer thread leads, which also does what is due
/// later.
class Log::Core {
 public:
  static Result<std::unique_ptr<Core>> open(Options options);
  ~Core();

  Result<void> append(const Event& event, Durability durability);
  void append_async(const Event& event, Durability durability, Done done);
  Result<Retired> retire(Millis age);

 private:
  struct Record {
    std::string event_type;
    Body body;
    bool sync = false;
    bool done = false;
    std::optional<Error> error;
    Done call;
  };
  /// Owned where nobody waits for it.
  struct Queued {
    Record* record;
    std::unique_ptr<Record> owned;
  };
  using Lock = std::unique_lock<std::mutex>;

  Core(Options options, std::unique_ptr<ChainFile> chain, os::UniqueFd export_fd);
  Record stamped(const Event& event, Durability durability) const;
  bool write_now(Record& record, Lock& lock);
  void write_group(Lock& lock);
  Result<std::string> write_out(const std::vector<Queued>& group, bool sync);
  void export_lines(const std::string& lines);
  void note_result(const Result<std::string>& written, bool synced);
  bool start_writer();
  void run_writer();
  void finish(std::unique_ptr<Record> record);
  void sync_file(Lock& lock);
  void save_emergency(const Record& record, const Error& error);

  const Options options_;
  const Clock& clock_;
  std::unique_ptr<ChainFile> chain_;  ///< used by whoever leads
  os::UniqueFd export_fd_;            ///< likewise

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Queued> queue_;
  std::size_t unattended_ = 0;  ///< records in the queue that nobody waits for
  bool leading_ = false;
  std::optional<Error> broken_;
  std::vector<std::unique_ptr<Record>> finished_;  ///< whose `call` is due

  bool closing_ = false;
  std::shared_ptr<const os::UniqueFd> unsynced_;
  SteadyTime sync_at_;
  std::condition_variable work_;
  std::thread writer_;  ///< there once it was needed
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
  work_.notify_one();
  if (writer_.joinable()) {
    writer_.join();
  }
  if (unsynced_ != nullptr) {
    (void)fdatasync(unsynced_->get());
  }
}

Log::Core::Record Log::Core::stamped(const Event& event, Durability durability) const {
  Record record;
  record.event_type = event.event_type;
  record.body = encode(event, {new_id("evt_"), format_time(clock_.wall())});
  record.sync = durability == Durability::kSync;
  return record;
}

Result<void> Log::Core::append(const Event& event, Durability durability) {
  Record mine = stamped(event, durability);
  {
    Lock lock(mutex_);
    queue_.push_back({&mine, nullptr});
    while (!mine.done) {
      if (leading_) {
        changed_.wait(lock);
      } else {
        write_group(lock);
      }
    }
  }
  if (mine.error) {
    save_emergency(mine, *mine.error);
    return fail(*std::move(mine.error));
  }
  return {};
}

void Log::Core::append_async(const Event& event, Durability durability, Done done) {
  auto record = std::make_unique<Record>(stamped(event, durability));
  record->call = std::move(done);
  Lock lock(mutex_);
  if (!record->sync && !leading_ && queue_.empty() && !broken_ && write_now(*record, lock)) {
    lock.unlock();
    finish(std::move(record));
    return;
  }
  if (!start_writer()) {
    record->error = Error(Code::kUnavailable, std::string(kNoThread), Audience::kOperator);
  } else if (unattended_ + finished_.size() >= kMaxWaiting) {
    record->error = Error(
        Code::kResourceExhausted,
        fmt::format("{} audit records wait to be written already in {}", kMaxWaiting, options_.dir),
        Audience::kOperator);
  }
  if (record->error) {
    lock.unlock();
    finish(std::move(record));
    return;
  }
  Record* const raw = record.get();
  queue_.push_back({raw, std::move(record)});
  ++unattended_;
  lock.unlock();
  work_.notify_one();
}

/// Writes a record that need not be synced, unless that would mean waiting; whether it did.
bool Log::Core::write_now(Record& record, Lock& lock) {
  leading_ = true;
  lock.unlock();
  const auto written = chain_->try_append(record.body);
  if (written && *written) {
    export_lines(**written);
  }
  lock.lock();
  leading_ = false;
  changed_.notify_all();
  if (!written) {
    return false;
  }
  note_result(*written, false);
  if (!*written) {
    record.error = written->error();
  }
  if (unattended_ > 0) {
    work_.notify_one();
  }
  return true;
}

/// Leads: writes all that waits, with the mutex released meanwhile.
void Log::Core::write_group(Lock& lock) {
  leading_ = true;
  std::vector<Queued> group;
  group.swap(queue_);
  unattended_ = 0;
  bool sync = false;
  for (const Queued& queued : group) {
    sync = sync || queued.record->sync;
  }
  const std::optional<Error> broken = broken_;
  lock.unlock();
  const auto written = broken ? Result<std::string>(fail(*broken)) : write_out(group, sync);
  lock.lock();
  note_result(written, sync);
  for (Queued& queued : group) {
    queued.record->done = true;
    if (!written) {
      queued.record->error = written.error();
    }
    if (queued.owned) {
      finished_.push_back(std::move(queued.owned));
    }
  }
  leading_ = false;
  changed_.notify_all();
  if (unattended_ > 0 || !finished_.empty()) {
    work_.notify_one();
  }
}

Result<std::string> Log::Core::write_out(const std::vector<Queued>& group, bool sync) {
  std::vector<const Body*> bodies;
  bodies.reserve(group.size());
  for (const Queued& queued : group) {
    bodies.push_back(&queued.record->body);
  }
  auto lines = chain_->append(bodies, sync);
  if (lines) {
    export_lines(*lines);
  }
  return lines;
}

void Log::Core::export_lines(const std::string& lines) {
  if (!export_fd_) {
    return;
  }
  if (auto exported = append_all(export_fd_.get(), lines, options_.export_file); !exported) {
    log::error("audit", "the additional export failed; the audit log itself is complete",
               {{"reason", exported.error().to_string()}});
  }
}

/// With the mutex held.
void Log::Core::note_result(const Result<std::string>& written, bool synced) {
  if (!written) {
    if (written.error().code() == Code::kDataLoss) {
      broken_ = written.error();
    }
  } else if (synced) {
    unsynced_.reset();
  } else {
    const bool first = unsynced_ == nullptr;
    unsynced_ = chain_->segment_file();
    if (first) {
      sync_at_ = std::chrono::steady_clock::now() + kSyncDelay;
      if (start_writer()) {
        work_.notify_one();
      } else {
        broken_ = Error(Code::kUnavailable, std::string(kNoThread), Audience::kOperator);
      }
    }
  }
}

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
  while (true) {
    if (unsynced_ != nullptr && (closing_ || std::chrono::steady_clock::now() >= sync_at_)) {
      sync_file(lock);
    } else if (!finished_.empty()) {
      auto finished = std::exchange(finished_, {});
      lock.unlock();
      for (auto& record : finished) {
        finish(std::move(record));
      }
      lock.lock();
    } else if (unattended_ > 0 && !leading_) {
      write_group(lock);
    } else if (closing_ && queue_.empty() && !leading_) {
      return;
    } else if (unsynced_ != nullptr) {
      work_.wait_until(lock, sync_at_);
    } else {
      work_.wait(lock);
    }
  }
}

void Log::Core::finish(std::unique_ptr<Record> record) {
  if (record->error) {
    save_emergency(*record, *record->error);
    record->call(fail(*std::move(record->error)));
  } else {
    record->call({});
  }
}

void Log::Core::sync_file(Lock& lock) {
  const std::shared_ptr<const os::UniqueFd> file = std::exchange(unsynced_, nullptr);
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
  if (unattended_ > 0) {
    work_.notify_one();
  }
  return retired;
}

void Log::Core::save_emergency(const Record& record, const Error& error) {
  log::error("audit", "an event could not be recorded",
             {{"event_type", record.event_type}, {"reason", error.to_string()}});
  if (options_.emergency_file.empty()) {
    return;
  }
  const Body& body = record.body;
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

void Log::append_async(const Event& event, Durability durability, Done done) {
  core_->append_async(event, durability, std::move(done));
}

Result<Log::Retired> Log::retire(Millis age) { return core_->retire(age); }

}  // namespace oap::audit
