#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/server/front.hpp"
#include "mcp/server/http_answer.hpp"
#include "mcp/server/outlet.hpp"

namespace oap::mcp {

/// "<stream>-<number>": names an event of one session's streams, and with it the stream.
struct EventId {
  std::uint64_t stream = 0;
  std::uint64_t number = 0;
};
std::string to_string(EventId id);
std::optional<EventId> parse_event_id(std::string_view text);

class SessionStream;

/// What a session's streams have sent, the oldest first, so that they can be resumed; and those
/// streams, until nothing of them is kept any more.
struct EventLog {
  struct Event {
    EventId id;
    std::string message;
  };
  std::deque<Event> events;
  std::uint64_t dropped = 0;  ///< how many went from the front
  std::map<std::uint64_t, std::shared_ptr<SessionStream>> streams;
  bool closed = false;  ///< the session has ended: nothing more is kept

  /// Forgets streams that have ended and of which nothing is kept.
  void forget_streams();
};

/// Keeps the logs of all sessions within the front's limits. Belongs to the executor's thread.
class EventStore {
 public:
  explicit EventStore(const FrontLimits& limits) : limits_(limits) {}
  void keep(const std::shared_ptr<EventLog>& log, EventId id, std::string message);
  /// Drops what is older than `kept_for`.
  void sweep(SteadyTime now);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::weak_ptr<EventLog> log;
    std::uint64_t place = 0;  ///< in the log, counted from its beginning
    std::size_t bytes = 0;
    SteadyTime at;
  };
  void drop_oldest();

  FrontLimits limits_;
  std::deque<Entry> order_;
  std::size_t bytes_ = 0;
};

/// One event stream of a legacy session: the answer to a POST, or what comes unasked. It outlives
/// its HTTP connection; another one may take it up again. Source: MCP 2025-11-25, basic/transports.
class SessionStream final : public Outlet,
                            public Pulse,
                            public std::enable_shared_from_this<SessionStream> {
 public:
  struct Place {
    EventStore* store = nullptr;
    std::shared_ptr<EventLog> log;
    std::uint64_t number = 0;
    bool primes = true;  ///< the client understands events without data
  };
  /// `answers`: how many will come; 0 for a stream without end.
  SessionStream(Place place, std::size_t answers);

  /// The connection of the request itself.
  void connect(std::shared_ptr<HttpAnswer> answer);
  /// Another connection, for all after that event.
  void resume(std::shared_ptr<HttpAnswer> answer, std::uint64_t after);
  /// Makes it an event stream now.
  void open();
  bool is_connected() const { return answer_ != nullptr && !answer_->is_over(); }
  /// All answers have been given.
  bool is_concluded() const { return concluded_; }
  /// Nothing came after that event, and nothing will.
  bool has_ended_by(std::uint64_t event) const { return concluded_ && event >= last_event_; }
  std::uint64_t number() const { return place_.number; }
  /// Ends the connection; nothing more will come.
  void end();

  void send(std::string message) override;
  void answer(std::string message, int status) override;
  void abandon() override;
  bool can_send() const override { return can_send_; }
  void on_gone(std::function<void()> /*gone*/) override {}  // leaving is no cancellation here
  void close_stream(Millis retry) override;
  void beat() override;

 private:
  bool begin();
  void put(std::string message);
  void count_answer();

  Place place_;
  std::shared_ptr<HttpAnswer> answer_;
  std::size_t answers_left_;
  std::uint64_t last_event_ = 0;
  SteadyTime since_;
  bool endless_;
  bool streamed_ = false;  ///< has been an event stream
  bool can_send_ = true;
  bool concluded_ = false;
};

}  // namespace oap::mcp
