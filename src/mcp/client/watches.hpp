#pragma once

#include <map>
#include <memory>
#include <string>

#include "async/branch.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "mcp/client/server_link.hpp"

namespace oap::mcp {

/// What a client wants to hear of without asking: changed lists and watched resources. Legacy
/// servers tell of lists by themselves and are asked for each resource; a modern one gets one
/// `subscriptions/listen` with all of it, opened anew when the wishes change or the stream breaks.
/// Belongs to the executor's thread; `close()` before destruction and before the link's.
class Watches {
 public:
  explicit Watches(ServerLink& link);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /// Begins to listen where the lists of a modern server are wanted.
  void start();
  /// Counted: the first one asks the server, the others only add.
  Task<Answer<json::Object>> watch(std::string uri);
  Task<void> unwatch(std::string uri);
  Task<Answer<json::Object>> set_log_level(std::string level);
  /// The server has forgotten all of it; it is told again.
  void renew();
  Task<void> close();

 private:
  struct Stream;

  json::Object wishes() const;
  Inquiry listen_inquiry(const std::shared_ptr<Stream>& stream);
  Task<Answer<json::Object>> open_stream();
  Task<void> listen(std::shared_ptr<Stream> stream);
  static Task<void> end(std::shared_ptr<Stream> stream);
  Task<void> keep_listening();
  Task<void> tell_again();
  Task<Answer<json::Object>> ask(std::string method, json::Object params);

  ServerLink& link_;
  std::map<std::string, std::size_t, std::less<>> counts_;
  std::string log_level_;
  std::shared_ptr<Stream> stream_;  // shared with the coroutine that reads it
  async::Semaphore turn_{1};
  async::Event lost_;
  async::Scope scope_;
  bool keeping_ = false;
  bool closing_ = false;
};

}  // namespace oap::mcp
