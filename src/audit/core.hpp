#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/chain_file.hpp"
#include "audit/indexing.hpp"
#include "audit/log.hpp"

namespace oap::audit {

/// Collects what is to be appended: whoever leads writes all that waits by then. Threads that wait
/// lead themselves; for those that do not the writer thread leads, which also does what is due
/// later. Thread-safe.
class Log::Core {
 public:
  static Result<std::unique_ptr<Core>> open(Options options);
  ~Core();

  Result<void> append(const Event& event, Durability durability);
  void append_async(const Event& event, Durability durability, Done done);
  Result<void> note_refused(std::uint64_t count, const Error& why);
  Result<Retired> retire(Millis age);
  Result<Retired> retire_due(Millis age);
  Result<std::uint64_t> rotate_key();
  Result<void> erase(const std::string& user_id);

 private:
  struct Record {
    std::string event_type;
    Body body;
    Durability durability = Durability::kSync;
    bool done = false;
    std::optional<Error> error;
    Done call;
  };
  /// Owned where nobody waits for it.
  struct Queued {
    Record* record;
    std::unique_ptr<Record> owned;
  };
  using Group = std::vector<Queued>;
  using Lock = std::unique_lock<std::mutex>;
  /// What stands between a group and the chain.
  struct Trouble {
    bool mend = false;
    std::uint64_t refused = 0;
    std::optional<Error> why;
    ChainFile::Unsynced synced;
  };

  Core(Options options, std::unique_ptr<ChainFile> chain, os::UniqueFd export_fd);
  template <class Work>
  auto lead(Work work) -> decltype(work());
  Record stamped(const Event& event, Durability durability) const;
  static Result<void> outcome_of(const Record& record);
  Result<void> wait_for(Record& record);
  bool defer(std::unique_ptr<Record>& record);
  std::optional<Error> queue(std::unique_ptr<Record>& record);
  Group take_queue();
  bool write_now(std::unique_ptr<Record>& record, Lock& lock);
  void write_group(Lock& lock);
  Result<std::string> write_out(const Group& group, bool sync, const Trouble& trouble);
  void settle(Group group, const Result<std::string>& written, bool synced);
  void note_written(bool synced);
  void note_failed(const Group& group, const Error& error);
  void end_lead();
  void export_lines(const std::string& lines);
  bool open_export(const std::string& lines);
  bool start_writer();
  void run_writer();
  bool do_due_work(Lock& lock);
  void sleep(Lock& lock);
  void finish(std::unique_ptr<Record> record);
  void sync_file(Lock& lock);
  void make_room(Lock& lock);
  bool wants_sealing() const {
    return options_.seal_segments && !sealing_ &&
           (chain_->rotations() != sealed_rotations_ ||
            chain_->unsynced().size >= indexed_ + kIndexStep);
  }
  void start_sealing();
  void seal() const;
  void index() const;
  void save_emergency(const Record& record, const Error& error);

  const Options options_;
  const Clock& clock_;
  std::unique_ptr<ChainFile> chain_;  ///< used by whoever leads
  os::UniqueFd export_fd_;            ///< likewise
  SteadyTime export_again_;           ///< likewise: when to try to open it again
  std::uint64_t unexported_ = 0;      ///< likewise: lines that it did not get meanwhile

  std::mutex mutex_;
  std::condition_variable changed_;
  Group queue_;
  std::size_t unattended_ = 0;  ///< records in the queue that nobody waits for and that are due
  std::size_t deferred_ = 0;    ///< records in the queue that were accepted already
  SteadyTime write_at_;         ///< when the oldest of those is due
  bool leading_ = false;
  std::optional<Error> broken_;  ///< the chain must be mended first
  std::uint64_t refused_ = 0;    ///< events that the chain does not tell of yet
  std::optional<Error> refusal_;
  std::vector<std::unique_ptr<Record>> finished_;  ///< whose `call` is due

  bool closing_ = false;
  ChainFile::Unsynced unsynced_;  ///< file null: all is on disk
  ChainFile::Unsynced synced_;    ///< what the chain is to be told
  SteadyTime sync_at_;
  std::condition_variable work_;
  bool sleeping_ = false;  ///< the writer thread waits without a timer
  bool was_busy_ = false;  ///< and will not yet
  std::thread writer_;     ///< there once it was needed
  std::uint64_t sealed_rotations_ = 0;
  std::uint64_t indexed_ = 0;  ///< bytes of the newest segment when its index was last due
  std::atomic<bool> sealing_ = false;
  std::atomic<bool> stop_ = false;  ///< the sealer is to end soon
  std::thread sealer_;              ///< reads whole segments, which takes a while
};

}  // namespace oap::audit
