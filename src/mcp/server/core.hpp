#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "mcp/server/envelope.hpp"
#include "mcp/server/front.hpp"
#include "mcp/server/outlet.hpp"
#include "mcp/server/quota.hpp"
#include "mcp/server/service.hpp"

namespace oap::mcp {

/// A code of this program's own, outside what JSON-RPC and MCP reserve: too much at once.
inline constexpr int kTooBusy = -31001;

/// The refusal of what there is no place for: 429 where the caller's own share is used, else 503.
Rejection no_place(Quota::NoPlace why);

/// Names a principal among the callers of one front.
std::string name_of(const Principal& principal);

/// What all parts of one front share: the service, the limits, and everything that runs. Belongs to
/// the executor's thread; `close()` before destruction.
class Core {
 public:
  Core(Executor executor, Service& service, FrontLimits limits);

  /// One request of somebody's under way, for as long as this lives.
  class Running {
   public:
    Running(Core& core, std::string who);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Core& core_;
    std::string who_;
  };
  /// Whether one more of that caller's, or session's, is within `max_requests`.
  bool has_room(const std::string& who) const;

  /// Callers have to say who they are: from now on each is held to his share.
  void know_callers() { knows_callers_ = true; }
  bool knows_callers() const { return knows_callers_; }
  /// Who holds what a caller takes of a Quota: the principal; where nobody has to say who he is,
  /// the client's address, and "", the operator, for this machine's. `peer` is "ADDRESS:PORT" or
  /// "".
  std::string holder(const Principal& principal, std::string_view peer) const;
  /// Event streams that wait for changes, and resources that are followed.
  Quota& streams() { return streams_; }
  Quota& watched() { return watched_; }

  const Executor& executor() const { return executor_; }
  Service& service() const { return service_; }
  const FrontLimits& limits() const { return limits_; }
  std::size_t running() const { return running_; }
  bool closing() const { return closing_; }
  Pulses& pulses() { return pulses_; }

  /// Runs it beside everything else; the handle cancels it.
  async::Branch start(Task<void> work) { return scope_.spawn(std::move(work)); }
  /// What the service says it is, asked for once.
  static Task<void> learn_server_info(Core& core, Caller caller);
  void set_server_info(json::Object info) { server_info_ = std::move(info); }
  bool knows_server_info() const { return server_info_.has_value(); }
  const json::Object& server_info() const { return *server_info_; }

  /// Calls `sweep` now and then and `beat()` of all pulses every keep_alive, until close(). Once.
  void tend(std::function<void(SteadyTime)> sweep);
  /// From now on nothing new should start.
  void begin_closing() { closing_ = true; }
  /// Waits until no request is under way, or the deadline.
  Task<void> wait_idle(Deadline grace);
  /// Waits for what runs until the deadline, then cancels it and waits for its end.
  Task<void> close(Deadline grace);

 private:
  Task<void> tick(std::function<void(SteadyTime)> sweep);
  void beat();

  Executor executor_;
  Service& service_;
  FrontLimits limits_;
  async::Scope scope_;
  async::Event idle_;
  async::Event stop_;
  Pulses pulses_;
  std::optional<json::Object> server_info_;
  std::unordered_map<std::string, std::size_t> running_of_;
  Quota streams_;
  Quota watched_;
  std::size_t running_ = 0;
  bool closing_ = false;
  bool knows_callers_ = false;
};

}  // namespace oap::mcp
