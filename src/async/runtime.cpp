#include "async/runtime.hpp"

#include <cstdlib>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <signal.h>

#include "async/bug.hpp"

namespace oap::async {

namespace asio = boost::asio;

struct Runtime::Loop {
  asio::io_context context{1};
  BlockingPool blocking;  // joined before the loop that its jobs report to ends
};

namespace {

Task<void> guarded(Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

Runtime::Runtime() : loop_(std::make_unique<Loop>()) { ::signal(SIGPIPE, SIG_IGN); }
Runtime::~Runtime() = default;

Executor Runtime::executor() { return loop_->context.get_executor(); }
BlockingPool& Runtime::blocking() { return loop_->blocking; }

void Runtime::drive(Task<void> task) {
  bool done = false;
  auto ended = [this, &done](std::exception_ptr error) {
    if (error) {
      report_bug("the main task ended with an exception", error);
      std::abort();
    }
    done = true;
    loop_->context.stop();
  };
  asio::co_spawn(loop_->context, guarded(std::move(task)), std::move(ended));
  loop_->context.restart();
  loop_->context.run();
  if (!done) {
    report_bug("the main task waits for something that can never happen");
    std::abort();
  }
}

}  // namespace oap::async
