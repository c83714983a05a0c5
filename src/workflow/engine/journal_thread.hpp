#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "async/task.hpp"
#include "base/mutex.hpp"
#include "store/run_repository.hpp"

namespace oap::workflow {

/// The one thread that writes to the store for an engine, and reads for it what may take long.
/// Turns and new runs that are queued at the same time go into one transaction (group commit), new
/// runs first; then come the calls. Where a commit takes long (a disk, not memory), the next one
/// waits, no longer than that, for what comes of the last one's answers: so all runs share each
/// commit instead of taking turns in two halves. Used from the executor's thread; answers come back
/// to it, in order. The repository must outlive this.
class JournalThread {
 public:
  using Done = std::function<void(Result<store::TurnDone>)>;
  /// Runs on the thread; what it returns is called on the executor.
  using Answer = std::function<void()>;
  using Job = std::function<Answer(store::RunRepository&)>;

  JournalThread(store::RunRepository& runs, Executor executor);
  ~JournalThread();
  JournalThread(const JournalThread&) = delete;
  JournalThread& operator=(const JournalThread&) = delete;

  void create(store::NewRun run, Done done);
  void commit(store::Turn turn, Done done);
  void call(Job job);
  /// Done again and again, whenever this much time has passed. Its answer may be empty.
  void poll(Millis every, Job job);
  /// Finishes what it is doing and drops the rest, unanswered.
  void stop();

 private:
  struct Work {
    std::vector<store::NewRun> runs;
    std::vector<Done> run_answers;
    std::vector<store::Turn> turns;
    std::vector<Done> turn_answers;
    std::deque<Job> jobs;
    bool empty() const { return runs.empty() && turns.empty() && jobs.empty(); }
  };

  using Steady = std::chrono::steady_clock::time_point;

  void loop();
  bool waits() OAP_REQUIRES(mutex_);
  void tell();
  void give(std::vector<Answer> answers, Steady gather_until);
  /// Ends the gathering when the executor has come round so many times.
  void go_round(std::weak_ptr<int> alive, int times);
  std::vector<Answer> write(Work& work);

  store::RunRepository& runs_;
  Executor executor_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  Work queued_ OAP_GUARDED_BY(mutex_);
  Millis every_ OAP_GUARDED_BY(mutex_){0};
  Job poll_ OAP_GUARDED_BY(mutex_);
  bool ending_ OAP_GUARDED_BY(mutex_) = false;
  Steady polled_ OAP_GUARDED_BY(mutex_);
  Steady gather_until_ OAP_GUARDED_BY(mutex_);             ///< long ago: not gathering
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  ///< for handlers that come late
  std::thread thread_;
};

}  // namespace oap::workflow
