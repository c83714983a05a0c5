#include "gateway/upstream/supervisor.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "base/log.hpp"

namespace oap::gateway {
namespace {

Task<Result<void>> close_link(std::shared_ptr<Connection> connection) {
  co_await connection->link->close();
  co_return Result<void>();
}

std::string seconds(Millis time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000.0);
}

/// Where only a person can help, trying again in the background is noise.
bool needs_a_person(Code code) {
  return code == Code::kConfiguration || code == Code::kInvalidArgument ||
         code == Code::kUnauthenticated || code == Code::kPermissionDenied ||
         code == Code::kUnimplemented;
}

}  // namespace

struct Supervisor::Attempt {
  std::vector<async::Event> waiting;
  std::optional<Result<std::shared_ptr<Connection>>> outcome;
};

/// Ends an attempt however its coroutine ends, so that nobody waits for nothing.
class Supervisor::Finish {
 public:
  Finish(Supervisor& owner, std::shared_ptr<Attempt> attempt)
      : owner_(owner), attempt_(std::move(attempt)) {}
  ~Finish() {
    if (!attempt_->outcome) {
      attempt_->outcome = fail(owner_.stopped());
    }
    if (owner_.attempt_ == attempt_) {
      owner_.attempt_.reset();
    }
    for (async::Event& event : attempt_->waiting) {
      event.notify();
    }
    owner_.alarm_.notify();
  }
  Finish(const Finish&) = delete;
  Finish& operator=(const Finish&) = delete;

 private:
  Supervisor& owner_;
  std::shared_ptr<Attempt> attempt_;
};

Supervisor::Supervisor(Executor executor, SupervisorOptions options, Connector connector,
                       SupervisorEvents events, const Clock& clock)
    : executor_(executor),
      options_(std::move(options)),
      connector_(std::move(connector)),
      events_(std::move(events)),
      clock_(clock),
      backoff_(options_.restart),
      random_(std::random_device{}()),
      alarm_(executor),
      scope_(std::move(executor)) {
  if (!options_.probe.url.empty() && options_.server.http == nullptr) {
    log::warn("gateway", "health_check_url is not asked: the server was given no HTTP client",
              {{"server", options_.server.name}});
  }
}
Supervisor::~Supervisor() = default;

Error Supervisor::stopped() const {
  return Error(Code::kUnavailable, "MCP server '" + options_.server.name + "' has been stopped");
}

const std::shared_ptr<Connection>& Supervisor::current() {
  if (connection_ && !connection_->link->alive()) {
    bury("it ended");
  }
  return connection_;
}

Result<void> Supervisor::may_start() const {
  const SteadyTime now = clock_.steady();
  const Millis left = backoff_.left(now);
  if (left == Millis{0}) {
    return {};
  }
  return fail(Code::kUnavailable,
              "MCP server '{}' failed {} times in a row (last: {}); it is started again in {}",
              options_.server.name, backoff_.failures(now),
              last_error_ ? last_error_->to_string() : "it ended", seconds(left));
}

Task<Result<std::shared_ptr<Connection>>> Supervisor::connected(Deadline deadline) {
  if (current()) {
    co_return connection_;
  }
  if (closing_) {
    co_return fail(stopped());
  }
  std::shared_ptr<Attempt> attempt = attempt_;
  if (!attempt) {
    OAP_CO_CHECK_OK(may_start());
    attempt = begin();
  }
  if (!attempt->outcome) {
    async::Event event(executor_);
    attempt->waiting.push_back(event);
    const async::Event::Wake wake = co_await event.wait(deadline);
    if (wake == async::Event::Wake::kCancelled) {
      co_return fail(Code::kCancelled, "the wait for MCP server '{}' was cancelled",
                     options_.server.name);
    }
    if (wake == async::Event::Wake::kDeadline) {
      co_return fail(Code::kDeadlineExceeded,
                     "MCP server '{}' was not ready in time; it is still starting",
                     options_.server.name);
    }
  }
  co_return *attempt->outcome;
}

std::shared_ptr<Supervisor::Attempt> Supervisor::begin() {
  const auto attempt = std::make_shared<Attempt>();
  attempt_ = attempt;
  if (!std::exchange(watching_, true)) {
    scope_.spawn(watch());
  }
  scope_.spawn(run(attempt));
  return attempt;
}

Task<void> Supervisor::run(std::shared_ptr<Attempt> attempt) {
  const Finish finish(*this, attempt);
  co_await retire();
  if (closing_) {
    co_return;
  }
  auto link = co_await connector_(executor_, options_.server, events_.link);
  if (!link) {
    reject(*attempt, std::move(link).error());
  } else if (closing_) {
    auto unwanted = std::make_shared<Connection>(Connection{*std::move(link), 0});
    co_await async::shielded(close_link(std::move(unwanted)));
  } else {
    accept(*attempt, *std::move(link));
  }
}

void Supervisor::accept(Attempt& attempt, std::unique_ptr<Link> link) {
  const SteadyTime now = clock_.steady();
  backoff_.started(now);
  misses_ = 0;
  used_ = false;
  probed_at_ = now;
  probe_at_ = now + options_.probe.interval;
  info_ = link->info();
  connection_ = std::make_shared<Connection>(Connection{std::move(link), ++starts_});
  attempt.outcome = connection_;
  log::info("gateway", "MCP server started",
            {{"server", options_.server.name}, {"start", std::to_string(starts_)}});
  if (events_.connected) {
    events_.connected(connection_);
  }
}

void Supervisor::reject(Attempt& attempt, Error error) {
  if (!closing_) {
    std::uniform_real_distribution<double> chance(0.0, 1.0);
    backoff_.failed(clock_.steady(), chance(random_));
    log::warn("gateway", "MCP server did not start",
              {{"server", options_.server.name}, {"error", error.to_string()}});
  }
  last_error_ = error;
  attempt.outcome = fail(closing_ ? stopped() : std::move(error));
}

void Supervisor::bury(std::string reason) {
  const std::string words = connection_->link->stderr_tail();
  if (!words.empty()) {
    reason += "; its last words: " + words;
  }
  std::uniform_real_distribution<double> chance(0.0, 1.0);
  backoff_.failed(clock_.steady(), chance(random_));
  log::warn("gateway", "MCP server lost", {{"server", options_.server.name}, {"reason", reason}});
  last_error_ = Error(Code::kUnavailable, std::move(reason));
  retiring_.push_back(std::exchange(connection_, nullptr));
  alarm_.notify();
}

void Supervisor::used(const Connection& connection, Use how) {
  used_ = true;
  answered_ = answered_ || how == Use::kAnswered;
  if (how != Use::kUnanswered || connection_.get() != &connection || !current()) {
    return;
  }
  const SteadyTime soon = std::max(clock_.steady(), probed_at_ + options_.probe.again);
  if (soon < probe_at_) {
    probe_at_ = soon;
    alarm_.notify();
  }
}

void Supervisor::called(const Connection& connection, Use how) {
  if (how == Use::kAnswered && connection.generation == starts_) {
    backoff_.served();
  }
  used(connection, how);
}

Task<void> Supervisor::retire() {
  const Deadline never = Deadline::never();
  auto permit = co_await retire_lock_.acquire(never);
  while (permit && !retiring_.empty()) {
    std::shared_ptr<Connection> connection = std::move(retiring_.back());
    retiring_.pop_back();
    co_await async::shielded(close_link(std::move(connection)));
  }
}

Task<void> Supervisor::close() { co_await async::shielded(close_all()); }

Task<Result<void>> Supervisor::close_all() {
  closing_ = true;
  const Deadline never = Deadline::never();
  OAP_CO_TRY(const async::Semaphore::Permit permit, co_await close_lock_.acquire(never));
  scope_.cancel();
  co_await scope_.join();
  if (connection_) {
    retiring_.push_back(std::exchange(connection_, nullptr));
  }
  co_await retire();
  co_return Result<void>();
}

Task<void> Supervisor::watch() {
  while (!closing_) {
    const Deadline next = next_look();
    if (co_await alarm_.wait(next) == async::Event::Wake::kCancelled) {
      break;
    }
    alarm_.reset();
    look();
    if (!retiring_.empty() && !attempt_) {
      co_await retire();
    }
    if (probe_due()) {
      co_await probe_once();
    }
  }
}

Deadline Supervisor::next_look() const {
  const SteadyTime now = clock_.steady();
  if (connection_) {
    const Millis to_probe = std::chrono::ceil<Millis>(std::max(probe_at_, now) - now);
    return Deadline::after(in_use() ? std::min(options_.watch_interval, to_probe)
                                    : options_.watch_interval);
  }
  const bool tries_again =
      options_.auto_start && !attempt_ && !(last_error_ && needs_a_person(last_error_->code()));
  return tries_again ? Deadline::after(backoff_.left(now)) : Deadline::never();
}

void Supervisor::look() {
  const bool up = current() != nullptr;
  if (up || attempt_ || closing_ || !options_.auto_start) {
    return;
  }
  if (!(last_error_ && needs_a_person(last_error_->code())) && may_start()) {
    begin();
  }
}

bool Supervisor::in_use() const {
  return used_ || misses_ > 0 || connection_->link->open_requests() > 0;
}

bool Supervisor::probe_due() const {
  return connection_ && !closing_ && in_use() && clock_.steady() >= probe_at_;
}

Task<void> Supervisor::probe_once() {
  const std::shared_ptr<Connection> connection = connection_;
  const bool seen = std::exchange(answered_, false) && options_.probe.url.empty();
  used_ = false;
  Result<void> healthy;
  if (!seen) {
    healthy = co_await probe(connection, options_.probe, options_.server.http);
  }
  if (closing_ || current() != connection) {
    co_return;
  }
  const bool well = healthy.has_value() || answered_;
  probed_at_ = clock_.steady();
  probe_at_ = probed_at_ + (well ? options_.probe.interval : options_.probe.again);
  if (well) {
    misses_ = 0;
    co_return;
  }
  ++misses_;
  miss_reason_ = healthy.error().to_string();
  if (misses_ >= options_.probe.misses && connection->link->open_requests() == 0) {
    bury(fmt::format("it missed {} health probes (last: {})", misses_, miss_reason_));
  }
}

Result<void> Supervisor::degraded() const {
  if (misses_ >= options_.probe.misses) {
    return fail(Code::kUnavailable, "it missed {} health probes (last: {})", misses_, miss_reason_);
  }
  const std::uint64_t garbage = connection_->link->faults().garbage;
  if (garbage >= options_.garbage_limit) {
    return fail(Code::kUpstream, "it wrote {} lines to its standard output that are no messages",
                garbage);
  }
  return {};
}

Health Supervisor::health() const {
  Health health;
  const SteadyTime now = clock_.steady();
  health.starts = starts_;
  health.failures_in_row = static_cast<std::uint64_t>(backoff_.failures(now));
  if (info_) {
    health.protocol_version = info_->protocol_version;
  }
  if (last_error_) {
    health.reason = last_error_->to_string();
  }
  const Millis left = backoff_.left(now);
  if (closing_) {
    health.state = Health::State::kStopped;
    health.reason = "it has been stopped";
  } else if (attempt_) {
    health.state = Health::State::kStarting;
  } else if (connection_ && connection_->link->alive()) {
    const auto well = degraded();
    health.state = well ? Health::State::kReady : Health::State::kDegraded;
    health.reason = well ? "" : well.error().message();
    health.pid = connection_->link->pid();
    health.faults = connection_->link->faults();
  } else if (left > Millis{0}) {
    health.state = Health::State::kBackingOff;
    health.retry_in = left;
  } else if (connection_ || last_error_) {
    health.state = Health::State::kFailed;
  }
  return health;
}

}  // namespace oap::gateway
