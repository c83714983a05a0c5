#pragma once

#include <condition_variable>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.hpp"

namespace oap::net::testing {

/// What the server does with one request. For tests only.
struct Reply {
  enum class End {
    kKeep,   ///< waits for the next request on the connection
    kClose,  ///< closes it properly
    kReset,  ///< resets it
    kStall,  ///< stays silent until the client leaves
  };
  std::vector<std::string> pieces;  ///< raw bytes, one send each
  End end = End::kKeep;
};

/// A whole answer with Content-Length. `headers`: lines that end in CRLF.
Reply answer(int status, std::string_view body, std::string_view headers = {});
/// An event stream in chunks of `chunk` bytes, whole or broken off before its end.
Reply event_stream(std::string_view events, std::size_t chunk = SIZE_MAX,
                   Reply::End end = Reply::End::kKeep);

/// An HTTP/1.1 server on 127.0.0.1 and a port of its own that plays back replies, one a request in
/// the order of their arrival; without one left it answers 500. Runs on threads of its own until
/// destroyed.
class LoopbackServer {
 public:
  explicit LoopbackServer(std::vector<Reply> replies);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  /// "http://127.0.0.1:PORT"
  const std::string& url() const { return url_; }
  struct Request {
    std::string head;
    std::string body;
  };
  std::vector<Request> requests() const;
  int connections() const;
  /// Waits until so many connections have ended; false after five seconds.
  bool wait_for_ended(int count) const;

 private:
  void accept_loop();
  void serve(int socket);
  bool read_request(int socket, std::string& held, Request& request);
  Reply next_reply(Request request);

  int listener_ = -1;
  std::string url_;
  mutable Mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::vector<Reply> replies_ OAP_GUARDED_BY(mutex_);
  std::vector<Request> requests_ OAP_GUARDED_BY(mutex_);
  std::vector<int> sockets_ OAP_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ OAP_GUARDED_BY(mutex_);
  int ended_ OAP_GUARDED_BY(mutex_) = 0;
  bool stopping_ OAP_GUARDED_BY(mutex_) = false;
  std::thread acceptor_;
};

}  // namespace oap::net::testing
