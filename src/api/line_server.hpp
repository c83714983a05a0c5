#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <sys/types.h>
#include <unistd.h>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "jsonrpc/message.hpp"
#include "os/fd.hpp"

namespace oap::api {

/// Who is at the other end of a connection; lives as long as it, and what it has told of itself.
struct Client {
  pid_t pid = 0;
  uid_t uid = 0;
  std::string name;
  bool can_ask = false;
};

/// JSON-RPC 2.0 over a listening Unix socket, one message a line, for clients of one user. Many
/// requests of a connection run at once; each answer is written when it is there. Whatever a client
/// does costs at most its connection: another user's, a line that is too long or comes too slowly,
/// answers that are not read. What is no message is answered with JSON-RPC's own errors. Belongs to
/// the executor's thread.
class LineServer {
 public:
  struct Options {
    std::size_t max_line = 16U << 20U;
    std::size_t max_connections = 256;       ///< then the one that is idle longest makes room
    std::size_t max_in_flight = 64;          ///< requests of one connection; then it is not read
    std::size_t max_received = 256U << 20U;  ///< bytes of lines and requests, of all connections
    std::size_t max_unread = 32U << 20U;     ///< bytes of answers that wait for one client
    Millis first_line{10'000};               ///< until the first message is whole
    Millis whole_line{30'000};               ///< from a line's first byte to its last
    Millis request{25'000};                  ///< for one answer
    Millis write{30'000};                    ///< until the client takes some bytes of an answer
    uid_t uid = ::geteuid();                 ///< the only user beside root
  };
  /// An Error becomes a JSON-RPC error with its message.
  using Handler = std::function<Task<Result<json::Value>>(std::shared_ptr<Client> client,
                                                          jsonrpc::Request request)>;

  /// Takes a listening, non-blocking socket.
  LineServer(Executor executor, os::UniqueFd listening, Options options, Handler handler);
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  /// Serves until `close` has done its work. Cancelled, it drops everything.
  Task<void> serve();
  /// Accepts and reads nothing more, waits for what is being answered, at most until `grace`.
  Task<void> close(Deadline grace);

  /// Ends everything at once.
  void drop();

  std::size_t connections() const;
  std::size_t in_flight() const;

 private:
  class Core;
  class Connection;
  std::shared_ptr<Core> core_;  // shared with its connections
};

}  // namespace oap::api
