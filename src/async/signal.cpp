#include "async/signal.hpp"

#include <boost/asio/signal_set.hpp>
#include <signal.h>

namespace oap::async {

struct Signals::State {
  State(Executor executor, Callback on_signal)
      : set(std::move(executor), SIGINT, SIGTERM, SIGHUP), callback(std::move(on_signal)) {}
  boost::asio::signal_set set;
  Callback callback;
  int count = 0;
};

Signals::Signals(Executor executor, Callback callback)
    : state_(std::make_shared<State>(std::move(executor), std::move(callback))) {
  wait(state_);
}

Signals::~Signals() = default;

void Signals::wait(const std::shared_ptr<State>& state) {
  const std::weak_ptr<State> weak = state;
  state->set.async_wait([weak](const boost::system::error_code& error, int signal_number) {
    const std::shared_ptr<State> alive = weak.lock();
    if (error || !alive) {
      return;
    }
    alive->callback(signal_number, ++alive->count);
    wait(alive);
  });
}

}  // namespace oap::async
