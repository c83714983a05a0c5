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

void JournalThread::create(store::NewRun run, Done done) {
  {
    MutexLock lock(mutex_);
    queued_.runs.push_back(std::move(run));
    queued_.run_answers.push_back(std::move(done));
  }
  changed_.notify_one();
}

void JournalThread::commit(store::Turn turn, Done done) {
  {
    MutexLock lock(mutex_);
    queued_.turns.push_back(std::move(turn));
    queued_.turn_answers.push_back(std::move(done));
  }
  changed_.notify_one();
}

void JournalThread::call(Job job) {
  {
    MutexLock lock(mutex_);
    queued_.jobs.push_back(std::move(job));
  }
  changed_.notify_one();
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

void JournalThread::loop() {
  auto polled = std::chrono::steady_clock::now();
  while (true) {
    Work work;
    Job poll;
    {
      MutexLock lock(mutex_);
      while (!ending_ && queued_.empty()) {
        if (every_.count() == 0) {
          changed_.wait(mutex_);
        } else if (changed_.wait_until(mutex_, polled + every_) == std::cv_status::timeout) {
          break;
        }
      }
      if (ending_) {
        return;
      }
      work = std::exchange(queued_, {});
      if (every_.count() > 0 && std::chrono::steady_clock::now() >= polled + every_) {
        poll = poll_;
      }
    }
    std::vector<Answer> answers = write(work);
    for (Job& job : work.jobs) {
      answers.push_back(job(runs_));
    }
    if (poll) {
      polled = std::chrono::steady_clock::now();
      answers.push_back(poll(runs_));
    }
    std::erase_if(answers, [](const Answer& answer) { return !answer; });
    if (!answers.empty()) {
      auto all = std::make_shared<std::vector<Answer>>(std::move(answers));
      boost::asio::post(executor_, [all] {
        for (Answer& answer : *all) {
          answer();
        }
      });
    }
  }
}

}  // namespace oap::workflow
