#include "net/curl_loop.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace oap::net {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Millis kWindUp{50};

}  // namespace

/// A socket of curl's that Asio waits for. Asio borrows it: curl opens and closes it.
struct CurlLoop::Watch {
  Watch(const Executor& executor, curl_socket_t socket_in)
      : descriptor(executor, socket_in), socket(socket_in) {}
  ~Watch() { drop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void drop() {
    if (!std::exchange(dropped, true)) {
      descriptor.release();
    }
  }

  asio::posix::stream_descriptor descriptor;
  curl_socket_t socket;
  int wanted = 0;   ///< CURL_POLL_IN, _OUT or both
  int waiting = 0;  ///< the same, where a wait is under way
  bool dropped = false;
};

CurlLoop::CurlLoop(Executor executor)
    : strand_(asio::make_strand(std::move(executor))), timer_(strand_) {}

CurlLoop::~CurlLoop() { close_now(); }

void CurlLoop::start(std::shared_ptr<Transfer> transfer) {
  asio::dispatch(strand_, [self = shared_from_this(), transfer = std::move(transfer)] {
    self->begin(transfer);
  });
}

void CurlLoop::cancel(std::shared_ptr<Transfer> transfer) {
  asio::dispatch(strand_, [self = shared_from_this(), transfer = std::move(transfer)] {
    if (self->running_.erase(transfer) > 0) {
      self->release(*transfer);
    }
  });
}

void CurlLoop::wind_up(std::shared_ptr<Transfer> transfer) {
  asio::dispatch(strand_, [self = shared_from_this(), transfer = std::move(transfer)] {
    if (self->running_.contains(transfer) && !std::exchange(transfer->complete, true)) {
      transfer->request.deadline = transfer->request.deadline.sooner(Deadline::after(kWindUp));
      self->watch_time(*transfer);
    }
  });
}

void CurlLoop::close() {
  asio::dispatch(strand_, [self = shared_from_this()] { self->close_now(); });
}

void CurlLoop::close_now() {
  for (const auto& transfer : std::exchange(running_, {})) {
    release(*transfer);
    transfer->events.try_send(error_code{},
                              TransferEnd{Error(Code::kCancelled, "the HTTP client was closed")});
  }
  if (multi_ != nullptr) {
    curl_->multi_cleanup(std::exchange(multi_, nullptr));
  }
  for (const auto& watch : std::exchange(watches_, {})) {
    watch->drop();
  }
  timer_.cancel();
  wakes_at_ = SteadyTime::max();
}

void CurlLoop::begin(const std::shared_ptr<Transfer>& transfer) {
  running_.insert(transfer);
  if (auto opened = open_multi(); !opened) {
    finish(*transfer, std::move(opened).error());
    return;
  }
  if (!transfer->set_up(*curl_) || curl_->multi_add_handle(multi_, transfer->easy) != CURLM_OK) {
    finish(*transfer, Error(Code::kInternal, "an HTTP request could not be set up"));
    return;
  }
  watch_time(*transfer);
}

Result<void> CurlLoop::open_multi() {
  if (multi_ != nullptr) {
    return {};
  }
  OAP_TRY(curl_, CurlLibrary::load());
  multi_ = curl_->multi_init();
  if (multi_ == nullptr) {
    return fail(Code::kInternal, "libcurl could not be started");
  }
  curl_->multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_->multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_->multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_->multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  return {};
}

void CurlLoop::act(curl_socket_t socket, int events) {
  if (multi_ == nullptr) {
    return;
  }
  int running = 0;
  curl_->multi_socket_action(multi_, socket, events, &running);
  collect_finished();
}

void CurlLoop::collect_finished() {
  int left = 0;
  while (multi_ != nullptr) {
    const CURLMsg* message = curl_->multi_info_read(multi_, &left);
    if (message == nullptr) {
      return;
    }
    if (message->msg != CURLMSG_DONE) {
      continue;
    }
    Transfer* transfer = nullptr;
    curl_->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    finish(*transfer, transfer->end_of(*curl_, message->data.result));
  }
}

void CurlLoop::finish(Transfer& transfer, std::optional<Error> error) {
  release(transfer);
  if (transfer.complete) {
    error.reset();
  }
  transfer.events.try_send(error_code{}, TransferEnd{std::move(error)});
  std::erase_if(running_, [&](const auto& each) { return each.get() == &transfer; });
}

void CurlLoop::release(Transfer& transfer) {
  if (transfer.easy != nullptr) {
    curl_->multi_remove_handle(multi_, transfer.easy);
  }
  if (curl_ != nullptr) {
    transfer.release(*curl_);
  }
}

void CurlLoop::watch_time(const Transfer& transfer) {
  transfers_due_ = std::min(transfers_due_, transfer.due());
  wake_at(transfers_due_);
}

void CurlLoop::wake_at(SteadyTime when) {
  if (when >= wakes_at_) {
    return;
  }
  wakes_at_ = when;
  timer_.expires_at(when);
  timer_.async_wait([owner = weak_from_this()](error_code error) {
    const auto self = owner.lock();
    if (!error && self) {
      self->on_wake();
    }
  });
}

void CurlLoop::on_wake() {
  wakes_at_ = SteadyTime::max();
  const SteadyTime now = std::chrono::steady_clock::now();
  if (curl_due_ <= now) {
    curl_due_ = SteadyTime::max();
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  if (transfers_due_ <= now) {
    end_late(now);
  }
  wake_at(std::min(curl_due_, transfers_due_));
}

void CurlLoop::end_late(SteadyTime now) {
  std::vector<std::shared_ptr<Transfer>> late;
  transfers_due_ = SteadyTime::max();
  for (const auto& each : running_) {
    if (each->due() <= now) {
      late.push_back(each);
    } else {
      transfers_due_ = std::min(transfers_due_, each->due());
    }
  }
  for (const auto& each : late) {
    const HttpRequest& request = each->request;
    finish(*each, Error(Code::kDeadlineExceeded,
                        request.deadline.passed(now)
                            ? each->origin + " did not answer in the time allowed"
                            : fmt::format("stalled: {} sent nothing for {} ms", each->origin,
                                          request.stall_timeout.count())));
  }
}

void CurlLoop::wait(const std::shared_ptr<Watch>& watch, int direction) {
  if (watch->dropped || (watch->wanted & direction) == 0 || (watch->waiting & direction) != 0) {
    return;
  }
  watch->waiting |= direction;
  const bool reads = direction == CURL_POLL_IN;
  const auto what =
      reads ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
  watch->descriptor.async_wait(
      what, [self = shared_from_this(), watch, direction, reads](error_code error) {
        watch->waiting &= ~direction;
        if (watch->dropped || error == asio::error::operation_aborted) {
          return;
        }
        if ((watch->wanted & direction) != 0) {
          const int event = reads ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
          self->act(watch->socket, error ? CURL_CSELECT_ERR : event);
        }
        self->wait(watch, direction);
      });
}

int CurlLoop::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* data) {
  auto& loop = *static_cast<CurlLoop*>(self);
  auto* known = static_cast<Watch*>(data);
  if (what == CURL_POLL_REMOVE) {
    if (known != nullptr) {
      known->drop();
      std::erase_if(loop.watches_, [&](const auto& each) { return each.get() == known; });
    }
    return 0;
  }
  std::shared_ptr<Watch> watch;
  if (known == nullptr) {
    try {
      watch = std::make_shared<Watch>(loop.strand_, socket);
    } catch (const boost::system::system_error&) {
      return -1;
    }
    loop.watches_.insert(watch);
    loop.curl_->multi_assign(loop.multi_, socket, watch.get());
  } else {
    for (const auto& each : loop.watches_) {
      watch = each.get() == known ? each : watch;
    }
  }
  watch->wanted = what;
  loop.wait(watch, CURL_POLL_IN);
  loop.wait(watch, CURL_POLL_OUT);
  return 0;
}

int CurlLoop::on_timer(CURLM* /*multi*/, long millis, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (millis == 0) {
    loop.curl_due_ = SteadyTime::max();
    asio::post(loop.strand_, [owner = loop.weak_from_this()] {
      if (const auto living = owner.lock()) {
        living->act(CURL_SOCKET_TIMEOUT, 0);
      }
    });
  } else if (millis < 0) {
    loop.curl_due_ = SteadyTime::max();
  } else {
    loop.curl_due_ = std::chrono::steady_clock::now() + Millis(millis);
    loop.wake_at(loop.curl_due_);
  }
  return 0;
}

}  // namespace oap::net
