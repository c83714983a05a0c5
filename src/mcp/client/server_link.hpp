#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "mcp/client/client.hpp"
#include "mcp/client/connection.hpp"
#include "mcp/client/param_headers.hpp"

namespace oap::mcp {

class HttpTransport;

/// One server that is being or has been connected to: the link, the era and what it said of itself.
/// Knows the envelope of a request; what a request means is the Client's. Belongs to the executor's
/// thread; `close()` before destruction.
class ServerLink {
 public:
  ServerLink(Executor executor, ServerSpec spec, ClientEvents events);
  ~ServerLink();
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  /// Starts or contacts the server and finds out how to talk to it, within the start_timeout. On an
  /// error everything is closed and the error ends with the server's last words.
  Task<Result<void>> connect();
  /// One exchange, in the envelope of the era.
  Task<Answer<json::Object>> request(std::string method, json::Object params,
                                     RequestOptions options);
  Patience patience(const RequestOptions& options) const;
  /// Gives a notification that belongs to no request to the events.
  void dispatch(std::string method, json::Object params);
  Task<void> close();

  bool is_modern() const { return era == Era::kModern; }
  /// Whether parameters are mirrored into headers.
  bool mirrors() const { return http != nullptr && is_modern(); }
  bool offers(std::string_view capability, std::string_view flag) const;

  Executor executor;
  ServerSpec spec;
  ClientEvents events;
  std::unique_ptr<Connection> connection;  ///< null before connect() and where that failed
  HttpTransport* http = nullptr;  ///< the connection's transport where it is Streamable HTTP
  Era era = Era::kLegacy;
  PeerInfo info;
  std::map<std::string, std::vector<MirroredParam>, std::less<>> param_headers;  ///< by tool
  std::function<void()> on_renewal;

 private:
  enum class Verdict { kModern, kLegacy, kNoVersion };
  struct Probe;

  Task<Result<void>> open(std::unique_ptr<Transport> transport);
  Task<Result<void>> start_process();
  Task<Result<void>> connect_stdio(Deadline deadline);
  Task<Result<void>> connect_http(Deadline deadline);
  Task<Result<void>> connect_sse(Deadline deadline);
  Task<Result<void>> probe_process(Deadline deadline);
  Task<Result<void>> race(std::shared_ptr<Probe> discover, Deadline deadline);
  Task<Result<void>> conclude(Answer<json::Object> discovered, Deadline deadline);
  static Task<void> ask_into(ServerLink* link, std::shared_ptr<Probe> probe, Inquiry inquiry);
  Task<Answer<json::Object>> discover(Deadline deadline);
  Task<Result<void>> initialize(Deadline deadline);
  Inquiry discover_inquiry(Deadline deadline) const;
  Inquiry initialize_inquiry(Deadline deadline) const;
  Verdict judge(const Answer<json::Object>& discovered) const;
  void take_discovery(const json::Object& result);
  Result<void> take_initialization(Answer<json::Object> answer);
  Task<Result<void>> say_initialized();
  Error no_version_error(const Answer<json::Object>& discovered) const;
  Error with_last_words(Error error) const;
};

}  // namespace oap::mcp
