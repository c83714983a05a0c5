#include "mcp/server/core.hpp"

#include <algorithm>
#include <utility>

#include "mcp/server/gate.hpp"

namespace oap::mcp {

Core::Core(Executor executor, Service& service, FrontLimits limits)
    : executor_(executor),
      service_(service),
      limits_(limits),
      scope_(executor),
      idle_(executor),
      stop_(std::move(executor)),
      streams_("event streams", limits_.max_streams),
      watched_("followed resources", limits_.max_watched) {}

Rejection no_place(Quota::NoPlace why) {
  return Rejection{why.share_is_used ? 429 : 503,
                   jsonrpc::ErrorObject{kTooBusy, std::move(why.message)}};
}

std::string Core::holder(const Principal& principal, std::string_view peer) const {
  if (knows_callers_) {
    return name_of(principal);
  }
  const auto address = host_of(peer);
  return !address || is_loopback_name(*address) ? "" : *address;
}

std::string name_of(const Principal& principal) {
  std::string name;
  name.reserve(principal.tenant.size() + principal.user_id.size() + principal.role.size() + 2);
  name += principal.tenant;
  name += '\0';
  name += principal.user_id;
  name += '\0';
  name += principal.role;
  return name;
}

Core::Running::Running(Core& core, std::string who) : core_(core), who_(std::move(who)) {
  ++core_.running_;
  ++core_.running_of_[who_];
}

Core::Running::~Running() {
  const auto it = core_.running_of_.find(who_);
  if (--it->second == 0) {
    core_.running_of_.erase(it);
  }
  if (--core_.running_ == 0) {
    core_.idle_.notify();
  }
}

bool Core::has_room(const std::string& who) const {
  const auto it = running_of_.find(who);
  return it == running_of_.end() || it->second < limits_.max_requests;
}

Task<void> Core::learn_server_info(Core& core, Caller caller) {
  Face face = co_await core.service_.face(std::move(caller));
  core.server_info_ = std::move(face.info);
}

void Core::tend(std::function<void(SteadyTime)> sweep) { start(tick(std::move(sweep))); }

Task<void> Core::tick(std::function<void(SteadyTime)> sweep) {
  const Millis period = std::clamp(std::min({limits_.keep_alive, limits_.session_idle / 4,
                                             limits_.kept_for / 4, limits_.input_timeout / 4}),
                                   Millis(5), Millis(5000));
  SteadyTime next_beat = std::chrono::steady_clock::now() + limits_.keep_alive;
  while (true) {
    const Deadline next = Deadline::after(period);
    if (co_await stop_.wait(next) != async::Event::Wake::kDeadline) {
      co_return;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    sweep(now);
    if (now >= next_beat) {
      next_beat = now + limits_.keep_alive;
      beat();
    }
  }
}

void Core::beat() {
  for (auto it = pulses_.begin(); it != pulses_.end();) {
    Pulse& pulse = *it;
    ++it;
    pulse.beat();
  }
}

Task<void> Core::wait_idle(Deadline grace) {
  if (running_ > 0) {
    idle_.reset();
    co_await idle_.wait(grace);
  }
}

Task<void> Core::close(Deadline grace) {
  begin_closing();
  stop_.notify();
  co_await wait_idle(grace);
  scope_.cancel();
  co_await scope_.join();
}

}  // namespace oap::mcp
