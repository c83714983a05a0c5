#include "async/cancel.hpp"

#include <map>

#include <boost/asio/post.hpp>

#include "base/mutex.hpp"

namespace oap::async {

namespace detail {

class CancelState {
 public:
  bool requested() {
    MutexLock lock(mutex_);
    return requested_;
  }

  /// Posting under the lock: a registration that has ended can be sure of no later post.
  void request() {
    MutexLock lock(mutex_);
    requested_ = true;
    for (auto& [id, entry] : callbacks_) {
      boost::asio::post(entry.executor, std::move(entry.callback));
    }
    callbacks_.clear();
  }

  std::uint64_t add(Executor executor, std::function<void()> callback) {
    MutexLock lock(mutex_);
    const std::uint64_t id = ++last_id_;
    if (requested_) {
      boost::asio::post(executor, std::move(callback));
    } else {
      callbacks_.emplace(id, Entry{std::move(executor), std::move(callback)});
    }
    return id;
  }

  void remove(std::uint64_t id) {
    MutexLock lock(mutex_);
    callbacks_.erase(id);
  }

 private:
  struct Entry {
    Executor executor;
    std::function<void()> callback;
  };
  Mutex mutex_;
  bool requested_ OAP_GUARDED_BY(mutex_) = false;
  std::uint64_t last_id_ OAP_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, Entry> callbacks_ OAP_GUARDED_BY(mutex_);
};

}  // namespace detail

CancelRegistration::CancelRegistration(std::shared_ptr<detail::CancelState> state, std::uint64_t id)
    : state_(std::move(state)), id_(id) {}

CancelRegistration::~CancelRegistration() {
  if (state_) {
    state_->remove(id_);
  }
}

CancelRegistration& CancelRegistration::operator=(CancelRegistration&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(id_, other.id_);
  return *this;
}

bool CancelToken::requested() const { return state_ && state_->requested(); }

CancelRegistration CancelToken::on_cancel(Executor executor, std::function<void()> callback) const {
  if (!state_) {
    return {};
  }
  return {state_, state_->add(std::move(executor), std::move(callback))};
}

CancelSource::CancelSource() : state_(std::make_shared<detail::CancelState>()) {}
void CancelSource::request() { state_->request(); }

}  // namespace oap::async
