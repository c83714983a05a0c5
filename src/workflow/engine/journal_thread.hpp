#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
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
/// runs first; then come the calls. Used from the executor's thread; answers come back to it, in
/// order. The repository must outlive this.
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

  void loop();
  std::vector<Answer> write(Work& work);

  store::RunRepository& runs_;
  Executor executor_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  Work queued_ OAP_GUARDED_BY(mutex_);
  Millis every_ OAP_GUARDED_BY(mutex_){0};
  Job poll_ OAP_GUARDED_BY(mutex_);
  bool ending_ OAP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace oap::workflow
