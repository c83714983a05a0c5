#include "audit/core.hpp"

#include <algorithm>
#include <iterator>

#include <unistd.h>

#include "audit/emergency.hpp"
#include "audit/side_file.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"

namespace oap::audit {
namespace {

/// Half of what Durability::kWritten promises: the rest is for the sync itself.
constexpr Millis kSyncDelay{10};
/// How long a deferred record waits for others.
constexpr Millis kWriteDelay{2};

Error no_thread() {
  return {Code::kUnavailable, "the audit log's writer thread could not be started",
          Audience::kOperator};
}

}  // namespace

Result<std::unique_ptr<Log::Core>> Log::Core::open(Options options) {
  OAP_TRY(std::unique_ptr<ChainFile> chain, ChainFile::open(options));
  os::UniqueFd export_fd;
  if (!options.export_file.empty()) {
    auto opened = open_side_file(options.workspace, options.export_file);
    const bool goes_on =
        options.export_may_fail && !opened && opened.error().code() != Code::kConfiguration;
    if (!opened && !goes_on) {
      return fail(Code::kConfiguration, "security.audit.log_file: {}", opened.error().to_string());
    }
    if (!opened) {
      log::error("audit",
                 "security.audit.log_file cannot be opened and is tried again; the audit "
                 "log itself is complete",
                 {{"reason", opened.error().to_string()}});
    } else {
      export_fd = std::move(*opened);
    }
  }
  return std::unique_ptr<Core>(
      new Core(std::move(options), std::move(chain), std::move(export_fd)));
}

Log::Core::Core(Options options, std::unique_ptr<ChainFile> chain, os::UniqueFd export_fd)
    : options_(std::move(options)),
      clock_(options_.clock == nullptr ? system_clock() : *options_.clock),
      chain_(std::move(chain)),
      export_fd_(std::move(export_fd)),
      indexed_(chain_->unsynced().size) {}

Log::Core::~Core() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  stop_ = true;
  if (writer_.joinable()) {
    writer_.join();
  }
  if (sealer_.joinable()) {
    sealer_.join();
  }
  if (options_.seal_segments && chain_->rotations() != sealed_rotations_) {
    seal();
  }
  chain_->close();
}

Log::Core::Record Log::Core::stamped(const Event& event, Durability durability) const {
  Record record;
  record.event_type = event.event_type;
  record.body = encode(event, {new_id("evt_"), format_time(clock_.wall())});
  record.durability = durability;
  return record;
}

Result<void> Log::Core::append(const Event& event, Durability durability) {
  auto record = std::make_unique<Record>(stamped(event, durability));
  bool is_done = false;
  if (durability == Durability::kDeferred) {
    Lock lock(mutex_);
    is_done = write_now(record, lock) || defer(record);
  }
  if (is_done && record == nullptr) {
    return {};
  }
  auto written = is_done ? outcome_of(*record) : wait_for(*record);
  if (!written) {
    save_emergency(*record, written.error());
  }
  return written;
}

Result<void> Log::Core::outcome_of(const Record& record) {
  return record.error ? Result<void>(fail(*record.error)) : Result<void>();
}

Result<void> Log::Core::wait_for(Record& record) {
  Lock lock(mutex_);
  queue_.push_back({&record, nullptr});
  while (!record.done) {
    if (leading_) {
      changed_.wait(lock);
    } else {
      write_group(lock);
    }
  }
  return outcome_of(record);
}

void Log::Core::append_async(const Event& event, Durability durability, Done done) {
  auto record = std::make_unique<Record>(stamped(event, durability));
  Lock lock(mutex_);
  if (durability != Durability::kSync && write_now(record, lock)) {
    lock.unlock();
    record->call = std::move(done);
    finish(std::move(record));
    return;
  }
  if (durability == Durability::kDeferred && defer(record)) {
    lock.unlock();
    done({});
    return;
  }
  record->call = std::move(done);
  if (auto refused = queue(record)) {
    note_failed({}, *refused);
    ++refused_;
    record->error = std::move(refused);
    lock.unlock();
    finish(std::move(record));
    return;
  }
  lock.unlock();
  work_.notify_one();
}

/// With the mutex held. Accepts a record that nobody will ask about, if that can be answered for.
bool Log::Core::defer(std::unique_ptr<Record>& record) {
  if (broken_ || refused_ > 0 || unattended_ + deferred_ + finished_.size() >= kMaxWaiting ||
      !start_writer()) {
    record->durability = Durability::kWritten;
    return false;
  }
  if (deferred_++ == 0) {
    write_at_ = std::chrono::steady_clock::now() + kWriteDelay;
  }
  Record* const raw = record.get();
  queue_.push_back({raw, std::move(record)});
  if (sleeping_ && !leading_) {
    work_.notify_one();
  }
  return true;
}

/// With the mutex held. Leaves a record to the writer thread, or says why not.
std::optional<Error> Log::Core::queue(std::unique_ptr<Record>& record) {
  if (!start_writer()) {
    return no_thread();
  }
  if (unattended_ + deferred_ + finished_.size() >= kMaxWaiting) {
    return Error(
        Code::kResourceExhausted,
        fmt::format("{} audit records wait to be written already in {}", kMaxWaiting, options_.dir),
        Audience::kOperator);
  }
  Record* const raw = record.get();
  queue_.push_back({raw, std::move(record)});
  ++unattended_;
  return std::nullopt;
}

Log::Core::Group Log::Core::take_queue() {
  unattended_ = 0;
  deferred_ = 0;
  return std::exchange(queue_, {});
}

/// Writes a record that need not be synced, and the deferred ones before it, unless that would
/// mean waiting; whether it did.
bool Log::Core::write_now(std::unique_ptr<Record>& record, Lock& lock) {
  if (leading_ || broken_ || refused_ > 0 || queue_.size() > deferred_) {
    return false;
  }
  leading_ = true;
  const std::size_t deferred = deferred_;
  Group group = take_queue();
  lock.unlock();
  std::vector<const Body*> bodies;
  bodies.reserve(group.size() + 1);
  for (const Queued& queued : group) {
    bodies.push_back(&queued.record->body);
  }
  bodies.push_back(&record->body);
  const auto written = chain_->try_append(bodies);
  if (written && *written) {
    export_lines(**written);
  }
  lock.lock();
  if (!written) {
    queue_.insert(queue_.begin(), std::make_move_iterator(group.begin()),
                  std::make_move_iterator(group.end()));
    deferred_ += deferred;
    end_lead();
    return false;
  }
  if (!*written) {
    record->error = written->error();
    ++refused_;
  }
  settle(std::move(group), *written, false);
  return true;
}

/// Leads: writes all that waits, with the mutex released meanwhile.
void Log::Core::write_group(Lock& lock) {
  leading_ = true;
  const bool all_deferred = deferred_ == queue_.size();
  Group group = take_queue();
  const bool sync = all_deferred || std::any_of(group.begin(), group.end(), [](const Queued& one) {
                      return one.record->durability == Durability::kSync;
                    });
  const Trouble trouble{broken_.has_value(), refused_, refusal_, std::exchange(synced_, {})};
  lock.unlock();
  const auto written = write_out(group, sync, trouble);
  lock.lock();
  if (written) {
    broken_.reset();
    refused_ -= trouble.refused;
  }
  settle(std::move(group), written, sync);
}

Result<std::string> Log::Core::write_out(const Group& group, bool sync, const Trouble& trouble) {
  if (trouble.synced.file != nullptr) {
    chain_->note_synced(trouble.synced);
  }
  if (trouble.mend) {
    OAP_CHECK_OK(chain_->mend());
  }
  if (trouble.refused > 0 && trouble.why) {
    chain_->note_refused(trouble.refused, *trouble.why);
  }
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

/// With the mutex held. Ends a group that this thread led.
void Log::Core::settle(Group group, const Result<std::string>& written, bool synced) {
  if (written) {
    note_written(synced);
  } else {
    note_failed(group, written.error());
  }
  for (Queued& queued : group) {
    queued.record->done = true;
    if (!written) {
      queued.record->error = written.error();
    }
    if (queued.owned && (queued.record->call != nullptr || !written)) {
      finished_.push_back(std::move(queued.owned));
    }
  }
  end_lead();
}

void Log::Core::end_lead() {
  leading_ = false;
  changed_.notify_all();
  const bool has_later_work =
      deferred_ > 0 || ((chain_->wants_room() || wants_sealing()) && start_writer());
  if (unattended_ > 0 || !finished_.empty() || (has_later_work && sleeping_)) {
    work_.notify_one();
  }
}

void Log::Core::note_written(bool synced) {
  if (synced) {
    unsynced_ = {};
    return;
  }
  const bool first = unsynced_.file == nullptr;
  unsynced_ = chain_->unsynced();
  if (!first) {
    return;
  }
  sync_at_ = std::chrono::steady_clock::now() + kSyncDelay;
  if (!start_writer()) {
    broken_ = no_thread();
  } else if (sleeping_) {
    work_.notify_one();
  }
}

void Log::Core::note_failed(const Group& group, const Error& error) {
  refused_ += group.size();
  refusal_ = error;
  const auto accepted = std::count_if(group.begin(), group.end(), [](const Queued& queued) {
    return queued.record->durability == Durability::kDeferred;
  });
  if (error.code() == Code::kDataLoss || accepted > 0) {
    broken_ = error;
  }
  if (accepted > 0) {
    log::error("audit", "events that were accepted could not be recorded",
               {{"events", std::to_string(accepted)}, {"reason", error.to_string()}});
  }
}

/// What is no append, alone with the chain.
template <class Work>
auto Log::Core::lead(Work work) -> decltype(work()) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !leading_; });
  if (broken_) {
    return fail(*broken_);
  }
  leading_ = true;
  lock.unlock();
  auto result = work();
  lock.lock();
  end_lead();
  return result;
}

Result<void> Log::Core::note_refused(std::uint64_t count, const Error& why) {
  return lead([&]() -> Result<void> {
    chain_->note_refused(count, why);
    OAP_TRY(const std::string lines, chain_->append({}, true));
    export_lines(lines);
    return {};
  });
}

Result<Log::Retired> Log::Core::retire(Millis age) {
  return lead([&] { return chain_->retire(age); });
}

Result<Log::Retired> Log::Core::retire_due(Millis age) {
  return lead([&] { return chain_->retire_due(age); });
}

Result<std::uint64_t> Log::Core::rotate_key() {
  return lead([&] { return chain_->rotate_key(); });
}

Result<void> Log::Core::erase(const std::string& user_id) {
  return lead([&] { return chain_->erase(user_id); });
}

void Log::Core::save_emergency(const Record& record, const Error& error) {
  audit::save_emergency(options_, record.event_type, record.body, error);
}

}  // namespace oap::audit
