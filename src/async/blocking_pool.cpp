#include "async/blocking_pool.hpp"

#include <algorithm>
#include <utility>

#include <signal.h>

namespace oap::async {
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

BlockingPool::BlockingPool(std::size_t most_threads)
    : most_threads_(std::max<std::size_t>(1, most_threads)) {}

BlockingPool::~BlockingPool() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

void BlockingPool::submit(std::function<void()> job) {
  {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    if (jobs_.size() > idle_ && threads_.size() < most_threads_) {
      threads_.push_back(start_without_signals([this] { work(); }));
    }
  }
  changed_.notify_one();
}

std::size_t BlockingPool::threads() {
  MutexLock lock(mutex_);
  return threads_.size();
}

void BlockingPool::work() {
  while (true) {
    std::function<void()> job;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (jobs_.empty() && !ending_) {
        changed_.wait(mutex_);
      }
      --idle_;
      if (jobs_.empty()) {
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace oap::async
