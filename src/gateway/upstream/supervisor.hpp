#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "gateway/upstream/backoff.hpp"
#include "gateway/upstream/call_verdict.hpp"
#include "gateway/upstream/health_probe.hpp"
#include "gateway/upstream/link.hpp"
#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

/// How one server is kept up. Data.
struct SupervisorOptions {
  mcp::ServerSpec server;
  RestartPolicy restart;
  ProbeOptions probe;
  bool auto_start = false;           ///< once started, it is started again in the background
  Millis watch_interval{1'000};      ///< how soon the death of an idle server is noticed
  std::uint64_t garbage_limit = 20;  ///< so many lines that are no messages: degraded
};

/// What the supervisor tells while it works. `connected` is called on every new connection, before
/// any call runs on it.
struct SupervisorEvents {
  mcp::ClientEvents link;
  std::function<void(std::shared_ptr<Connection>)> connected;
};

/// Keeps one server connected: at most one process of it at a time, one start for all who wait,
/// a growing pause between failures, probes while it is used, restart after its death. Belongs to
/// the executor's thread; close() before destruction.
class Supervisor {
 public:
  Supervisor(Executor executor, SupervisorOptions options, Connector connector,
             SupervisorEvents events, const Clock& clock);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// The connection where it is up, else null. Cheap.
  const std::shared_ptr<Connection>& current();
  /// The connection, after a start where need be; whoever is cancelled or late leaves the start
  /// going for the others. kUnavailable at once while a pause lasts, with the reason and its end.
  Task<Result<std::shared_ptr<Connection>>> connected(Deadline deadline);
  /// Counts as use. What went unanswered makes it look whether the server is still there.
  void used(const Connection& connection, Use how);
  /// The same of a call that a caller made: an answered one shows that this process does its work,
  /// so that its end, should it come, is no more of the failures before it.
  void called(const Connection& connection, Use how);

  /// State, reason, version, pid, starts, failures, pause and faults; the rest is left alone.
  Health health() const;
  const std::optional<mcp::PeerInfo>& info() const { return info_; }

  /// Ends a start under way and the server. Runs to its end although the caller is cancelled; safe
  /// to call twice, the second call waits too.
  Task<void> close();

 private:
  struct Attempt;
  class Finish;
  Result<void> may_start() const;
  Error stopped() const;
  std::shared_ptr<Attempt> begin();  // may have ended when it returns
  Task<void> run(std::shared_ptr<Attempt> attempt);
  void accept(Attempt& attempt, std::unique_ptr<Link> link);
  void reject(Attempt& attempt, Error error);
  void bury(std::string reason);
  Task<void> retire();
  Task<void> watch();
  Deadline next_look() const;
  void look();
  bool in_use() const;
  bool probe_due() const;
  Task<void> probe_once();
  Task<Result<void>> close_all();
  Result<void> degraded() const;

  Executor executor_;
  SupervisorOptions options_;
  Connector connector_;
  SupervisorEvents events_;
  const Clock& clock_;
  Backoff backoff_;
  std::minstd_rand random_;

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Attempt> attempt_;  // the start under way, shared with those who wait for it
  std::vector<std::shared_ptr<Connection>> retiring_;
  async::Semaphore retire_lock_{1};
  std::optional<mcp::PeerInfo> info_;
  std::optional<Error> last_error_;
  std::uint64_t starts_ = 0;

  bool used_ = false;      // since the last probe
  bool answered_ = false;  // a request of a caller, since the last probe
  int misses_ = 0;
  std::string miss_reason_;
  SteadyTime probed_at_{};
  SteadyTime probe_at_{};

  async::Event alarm_;
  async::Semaphore close_lock_{1};
  bool watching_ = false;
  bool closing_ = false;
  async::Scope scope_;
};

}  // namespace oap::gateway
