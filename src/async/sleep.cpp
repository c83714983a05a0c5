#include "async/sleep.hpp"

#include <boost/asio/this_coro.hpp>

#include "async/event.hpp"

namespace oap::async {

Task<Result<void>> sleep_for(Millis time) { return sleep_until(Deadline::after(time)); }

Task<Result<void>> sleep_until(Deadline when) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Event alarm(executor);
  if (co_await alarm.wait(when) == Event::Wake::kCancelled) {
    co_return fail(Code::kCancelled, "the wait was cancelled");
  }
  co_return Result<void>();
}

}  // namespace oap::async
