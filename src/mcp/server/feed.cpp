#include <utility>
#include <vector>

#include "mcp/server/service.hpp"

namespace oap::mcp {

struct Feed::Registration::Listeners {
  std::map<std::uint64_t, std::shared_ptr<Listener>> by_id;
  std::uint64_t last_id = 0;
};

Feed::Registration::Registration(Registration&& other) noexcept
    : listeners_(std::move(other.listeners_)), id_(std::exchange(other.id_, 0)) {}

Feed::Registration& Feed::Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    Registration old;
    old.listeners_ = std::move(listeners_);
    old.id_ = id_;
    listeners_ = std::move(other.listeners_);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

Feed::Registration::~Registration() {
  if (const auto listeners = listeners_.lock()) {
    listeners->by_id.erase(id_);
  }
}

Feed::Feed() : listeners_(std::make_shared<Registration::Listeners>()) {}

Feed::Registration Feed::listen(Listener listener) {
  Registration registration;
  registration.listeners_ = listeners_;
  registration.id_ = ++listeners_->last_id;
  listeners_->by_id.emplace(registration.id_, std::make_shared<Listener>(std::move(listener)));
  return registration;
}

void Feed::publish(const Change& change) {
  const auto listeners = listeners_;
  std::vector<std::weak_ptr<Listener>> present;
  present.reserve(listeners->by_id.size());
  for (const auto& [id, listener] : listeners->by_id) {
    present.push_back(listener);
  }
  for (const auto& each : present) {
    if (const auto listener = each.lock()) {
      (*listener)(change);
    }
  }
}

}  // namespace oap::mcp
