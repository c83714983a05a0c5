#include "workflow/engine/journal_thread.hpp"

#include <memory>

#include <boost/asio/post.hpp>
#include <signal.h>

namespace oap::workflow {
namespace {

/// Signals belong to the main thread.
std::thread start_without_signals(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

JournalThread::JournalThread(store::RunRepository& runs, Executor executor)
    : runs_(runs),
      executor_(std::move(executor)),
      thread_(start_without_signals([this] { loop(); })) {}

JournalThread::~JournalThread() { stop(); }

void JournalThread::stop() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    queued_ = {};
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

/// Something is queued; while it gathers, the thread looks by itself.
void JournalThread::tell() {
  bool gathers = false;
  {
    MutexLock lock(mutex_);
    gathers = gather_until_ != Steady{};
  }
  if (!gathers) {
    changed_.notify_one();
  }
}

void JournalThread::create(store::NewRun run, Done done) {
  {
    MutexLock lock(mutex_);
    queued_.runs.push_back(std::move(run));
    queued_.run_answers.push_back(std::move(done));
  }
  tell();
}

void JournalThread::commit(store::Turn turn, Done done) {
  {
    MutexLock lock(mutex_);
    queued_.turns.push_back(std::move(turn));
    queued_.turn_answers.push_back(std::move(done));
  }
  tell();
}

void JournalThread::call(Job job) {
  {
    MutexLock lock(mutex_);
    queued_.jobs.push_back(std::move(job));
  }
  tell();
}

void JournalThread::poll(Millis every, Job job) {
  {
    MutexLock lock(mutex_);
    every_ = every;
    poll_ = std::move(job);
  }
  changed_.notify_one();
}

std::vector<JournalThread::Answer> JournalThread::write(Work& work) {
  std::vector<Answer> answers;
  if (work.runs.empty() && work.turns.empty()) {
    return answers;
  }
  store::Written written = runs_.write(work.runs, work.turns);
  answers.reserve(written.runs.size() + written.turns.size());
  const auto add = [&](std::vector<Done>& done, std::vector<Result<store::TurnDone>>& results) {
    for (std::size_t i = 0; i < done.size(); ++i) {
      answers.push_back([tell = std::move(done[i]), result = std::move(results[i])]() mutable {
        tell(std::move(result));
      });
    }
  };
  add(work.run_answers, written.runs);
  add(work.turn_answers, written.turns);
  return answers;
}

/// One wait of the thread; false where there is something to do.
bool JournalThread::waits() {
  const Steady now = std::chrono::steady_clock::now();
  const bool gathering = now < gather_until_;
  if (ending_ || (!queued_.empty() && !gathering)) {
    return false;
  }
  const bool polls = every_.count() > 0;
  if (polls && now >= polled_ + every_) {
    return false;
  }
  if (gathering) {
    const Steady until = gather_until_;  // the wait reads it while the mutex is free
    changed_.wait_until(mutex_, until);
  } else if (polls) {
    changed_.wait_until(mutex_, polled_ + every_);
  } else {
    changed_.wait(mutex_);
  }
  return true;
}

void JournalThread::loop() {
  constexpr std::chrono::microseconds kWorthSharing{300};
  constexpr std::chrono::microseconds kLongest{5'000};
  while (true) {
    Work work;
    Job poll;
    {
      MutexLock lock(mutex_);
      while (waits()) {
      }
      if (ending_) {
        return;
      }
      work = std::exchange(queued_, {});
      gather_until_ = {};
      const Steady now = std::chrono::steady_clock::now();
      if (every_.count() > 0 && now >= polled_ + every_) {
        poll = poll_;
        polled_ = now;
      }
    }
    const Steady begun = std::chrono::steady_clock::now();
    std::vector<Answer> answers = write(work);
    const Steady ended = std::chrono::steady_clock::now();
    const bool shares = !answers.empty() && ended - begun >= kWorthSharing;
    for (Job& job : work.jobs) {
      answers.push_back(job(runs_));
    }
    if (poll) {
      answers.push_back(poll(runs_));
    }
    std::erase_if(answers, [](const Answer& answer) { return !answer; });
    if (!answers.empty()) {
      const auto most = std::min<Steady::duration>(ended - begun, kLongest);
      give(std::move(answers), shares ? std::chrono::steady_clock::now() + most : Steady{});
    }
  }
}

void JournalThread::give(std::vector<Answer> answers, Steady gather_until) {
  constexpr int kRounds = 8;  // from an answer over an attempt's end to the next turn
  {
    MutexLock lock(mutex_);
    gather_until_ = gather_until;
  }
  auto all = std::make_shared<std::vector<Answer>>(std::move(answers));
  boost::asio::post(executor_,
                    [this, all, gathers = gather_until != Steady{}, alive = std::weak_ptr(alive_)] {
                      for (Answer& answer : *all) {
                        answer();
                      }
                      if (gathers && !alive.expired()) {
                        go_round(alive, kRounds);
                      }
                    });
}

void JournalThread::go_round(std::weak_ptr<int> alive, int times) {
  if (times == 0) {
    {
      MutexLock lock(mutex_);
      gather_until_ = {};
    }
    changed_.notify_one();
    return;
  }
  boost::asio::post(executor_, [this, alive = std::move(alive), times] {
    if (!alive.expired()) {
      go_round(alive, times - 1);
    }
  });
}

}  // namespace oap::workflow
