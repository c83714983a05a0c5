#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "mcp/server/http_answer.hpp"
#include "mcp/server/legacy_session.hpp"
#include "mcp/server/session_stream.hpp"

namespace oap::mcp {

/// The legacy era over Streamable HTTP: sessions by their secret id, the streams of each, resuming.
/// Belongs to the executor's thread. Source: MCP 2025-11-25, basic/transports.
class HttpLegacy {
 public:
  explicit HttpLegacy(Core& core)
      : core_(core), store_(core.limits()), places_("sessions", core.limits().max_sessions) {}

  /// A POST of one message, decoded.
  void post(const net::RequestHead& head, const Principal& principal, jsonrpc::Message message,
            const std::shared_ptr<HttpAnswer>& answer);
  /// A POST of an array of messages, as text.
  void post_batch(const net::RequestHead& head, const Principal& principal, std::string_view text,
                  const std::shared_ptr<HttpAnswer>& answer);
  void get(const net::RequestHead& head, const Principal& principal,
           const std::shared_ptr<HttpAnswer>& answer);
  void remove(const net::RequestHead& head, const Principal& principal,
              const std::shared_ptr<HttpAnswer>& answer);

  void changed(const Change& change);
  void sweep(SteadyTime now);
  std::size_t size() const { return sessions_.size(); }
  /// Event streams with a connection.
  std::size_t streams() const;
  void end_all();

 private:
  struct Session {
    std::string key;
    std::shared_ptr<LegacySession> protocol;
    std::shared_ptr<EventLog> log;
    std::shared_ptr<SessionStream> unasked;  ///< what belongs to no request
    std::uint64_t last_stream = 0;
    SteadyTime last_used;
    std::string holder;
    Quota::Place place;
  };
  using Found = tl::expected<std::shared_ptr<Session>, Rejection>;

  Found find(const net::RequestHead& head, const Principal& principal);
  Found create(const Principal& principal, std::string_view peer);
  bool make_room(const std::string* holder);
  void end(const std::shared_ptr<Session>& session);
  bool is_quiet(const Session& session) const;
  std::shared_ptr<SessionStream> new_stream(Session& session, std::size_t answers,
                                            std::shared_ptr<HttpAnswer> answer);
  void take(Session& session, jsonrpc::Message message, const std::shared_ptr<Outlet>& outlet);
  void initialize(const net::RequestHead& head, const Principal& principal,
                  jsonrpc::Request request, const std::shared_ptr<HttpAnswer>& answer);

  Core& core_;
  EventStore store_;
  Quota places_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_;  // by key
};

/// Answers with a JSON-RPC error; without an id where that is null.
void refuse(HttpAnswer& answer, json::Value id, Rejection rejection);

}  // namespace oap::mcp
