#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "gateway/gateway.hpp"
#include "mcp/server/front.hpp"

namespace oap::gateway {

/// The audit of what reaches the MCP endpoint and is no call that the gateway walks: lists,
/// followed resources, names that nobody has, and who was turned away at the door. Belongs to the
/// executor's thread; `close()` before destruction; the collaborators outlive it.
class EndpointAudit {
 public:
  EndpointAudit(Executor executor, AuditSink& sink, const Redactor& redactor,
                Millis door_interval = Millis(1000));

  /// A list was asked for and `count` items are about to be shown. An error means: do not show it.
  Task<Result<void>> listed(mcp::Caller caller, std::string method, std::size_t count);
  /// A call of something that no server has.
  Task<Result<void>> unknown(mcp::Caller caller, std::string name, std::string why);
  /// A resource is about to be followed; `denied_by` says why not, "" where it may be.
  Task<Result<void>> follows(mcp::Caller caller, std::string server, std::string uri,
                             std::string denied_by);
  /// Somebody was turned away. At most one record in `door_interval`, with how many it stands for,
  /// however many come: what is kept meanwhile is bounded.
  void turned_away(const mcp::TurnedAway& visit);

  /// Writes what has not been written yet.
  Task<void> close();

 private:
  /// Those turned away since the last record.
  struct Door {
    std::size_t count = 0;
    std::map<int, std::size_t> by_status;
    std::vector<std::string> peers;
    std::string method;
    std::string target;
    std::string reason;
  };

  audit::Event event_of(const mcp::Caller& caller, std::string_view method) const;
  Task<Result<void>> write(audit::Event event);
  Task<void> tell_of_door();
  Task<void> write_door();

  Executor executor_;
  AuditSink& sink_;
  const Redactor& redactor_;
  Millis door_interval_;
  Door door_;
  bool telling_ = false;
  async::Event stop_;
  async::Scope scope_;
};

}  // namespace oap::gateway
