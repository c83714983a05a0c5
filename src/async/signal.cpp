#include "async/signal.hpp"

#include <boost/asio/signal_set.hpp>
#include <signal.h>

namespace oap::async {

struct Signals::State {
  State(Executor executor, Callback on_signal)
      : set(std::move(executor), SIGINT, SIGTERM), callback(std::move(on_signal)) {}
  boost::asio::signal_set set;
  Callback callback;
  int count = 0;
};

Signals::Signals(Executor executor, Callback callback)
    : state_(std::make_shared<State>(std::move(executor), std::move(callback))) {
  wait(state_);
}

Signals::~Signals() {
  state_->callback = nullptr;
  boost::system::error_code ignored;
  state_->set.clear(ignored);
}

void Signals::wait(const std::shared_ptr<State>& state) {
  state->set.async_wait([state](const boost::system::error_code& error, int signal_number) {
    if (error || !state->callback) {
      return;
    }
    const Callback callback = state->callback;
    callback(signal_number, ++state->count);
    if (state->callback) {
      wait(state);
    }
  });
}

}  // namespace oap::async
