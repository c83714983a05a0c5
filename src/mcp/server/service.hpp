#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "json/value.hpp"
#include "mcp/answer.hpp"
#include "mcp/era.hpp"
#include "mcp/server/mirror.hpp"
#include "model/tool.hpp"

namespace oap::mcp {

/// Who sends a request, as the front that received it knows. Data.
struct Caller {
  Era era = Era::kLegacy;
  std::string protocol_version;
  json::Object info;          ///< clientInfo; may be empty
  json::Object capabilities;  ///< the client's; what it declares is all that may be asked of it
  Principal principal;
  /// Stable for one legacy session or stdio link; "" where stateless. Names the session in logs and
  /// audit; it is not the secret that HTTP clients send.
  std::string session_id;
  std::string log_level;  ///< what it asked for last (legacy) or in this request (modern); or ""
};

/// One request while a Service works on it. The same for both eras and all transports; valid until
/// handle() has returned. Belongs to the executor's thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Modern: after an ask() it is who came back with the input, the same principal.
  virtual const Caller& caller() const = 0;

  /// Sends notifications/progress under the caller's own token; nothing where it gave none.
  /// `params` holds progress, total, message and whatever else, no token. Order is kept and all of
  /// it precedes the answer.
  virtual void progress(json::Object params) = 0;
  virtual bool wants_progress() const = 0;
  /// Sends a notification that belongs to this request. notifications/message is dropped below the
  /// level that the caller asked for (modern: where it asked for none).
  virtual void notify(std::string method, json::Object params) = 0;

  /// Asks the client: sampling/createMessage, elicitation/create, roots/list. Legacy: a request on
  /// this request's own stream. Modern: the answer to the present request becomes
  /// `input_required`, and this returns when the client has come back with the input. Failure where
  /// the client did not declare what is needed (kMissingCapability), left, or took too long.
  virtual Task<Answer<json::Object>> ask(std::string method, json::Object params) = 0;
  /// Whether the client declared what `ask(method, params)` needs.
  virtual bool can_ask(std::string_view method, const json::Object& params) const = 0;

  /// Legacy Streamable HTTP: ends the present event stream after a priming event with `retry`; the
  /// rest reaches the client when it resumes. Elsewhere nothing.
  virtual void close_stream(Millis retry) = 0;
};

/// Something changed that clients may want to hear of.
struct Change {
  enum class Kind { kTools, kPrompts, kResources, kResource } kind;
  std::string uri;           ///< kResource only
  json::Object params = {};  ///< of the notification, as the upstream gave them
};

/// Where a Service tells of changes and fronts listen. Belongs to the executor's thread.
class Feed {
 public:
  using Listener = std::function<void(const Change&)>;
  /// Ends the registration when destroyed.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&& other) noexcept;
    ~Registration();

   private:
    friend class Feed;
    struct Listeners;
    std::weak_ptr<Listeners> listeners_;
    std::uint64_t id_ = 0;
  };

  Feed();
  [[nodiscard]] Registration listen(Listener listener);
  void publish(const Change& change);

 private:
  std::shared_ptr<Registration::Listeners> listeners_;  // outlived by registrations
};

/// What a server says of itself in `initialize` and `server/discover`.
struct Face {
  json::Object info;          ///< Implementation: name, version, title, icons …
  json::Object capabilities;  ///< ServerCapabilities
  std::string instructions;
};

/// What a server does, whatever the era, transport and session: the seam between the protocol's
/// front (handshake, discover, ping, log levels, subscriptions, cancellation, headers) and its
/// content. Many calls at once; a cancelled request is a cancelled coroutine. Belongs to the
/// executor's thread; outlives the fronts.
class Service {
 public:
  virtual ~Service() = default;

  virtual Task<Face> face(Caller caller) = 0;
  /// tools/list, tools/call, resources/list, resources/templates/list, resources/read,
  /// prompts/list, prompts/get, completion/complete, tasks/* and extensions. `params` and the
  /// result are the protocol's own objects, members unknown here untouched; what the request's
  /// envelope `_meta` holds is left in. A result without `resultType` is a complete one; the front
  /// adds what the era asks for (resultType, serverInfo, ttlMs and cacheScope where absent).
  /// kUnimplemented for a method that it does not know.
  virtual Task<Answer<json::Object>> handle(std::string method, json::Object params,
                                            Exchange& exchange) = 0;

  /// Counts the clients that follow a resource (legacy subscribe, modern listen).
  virtual Task<Answer<json::Object>> watch(std::string uri, Caller caller) = 0;
  virtual Task<void> unwatch(std::string uri, Caller caller) = 0;

  /// The client asked for log messages of this level from now on (legacy).
  virtual Task<void> log_level(std::string /*level*/, Caller /*caller*/) { co_return; }
  /// The client's roots changed, or its session has ended.
  virtual void roots_changed(const Caller& /*caller*/) {}
  virtual void session_ended(const Caller& /*caller*/) {}

  /// Which arguments of a tool an HTTP client of the modern era must mirror in `Mcp-Param-*`
  /// headers (see mirrored_params()); null where none. Asked before each tools/call, so it must be
  /// fast; valid until the next wait.
  virtual const std::vector<MirroredParam>* mirrored(std::string_view /*tool*/,
                                                     const Caller& /*caller*/) {
    return nullptr;
  }

  virtual Feed& feed() = 0;
};

}  // namespace oap::mcp
