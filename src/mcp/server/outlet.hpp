#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "base/clock.hpp"

namespace oap::mcp {

/// Where the messages about one request go: lines of a pipe, an HTTP answer, an event stream that
/// can be resumed. What comes after the answer is dropped. Belongs to the executor's thread.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// A notification or, legacy, a request that precedes the answer.
  virtual void send(std::string message) = 0;
  /// The answer, once. `status` is what HTTP says with it, where it can still say so.
  virtual void answer(std::string message, int status) = 0;
  /// There will be no answer.
  virtual void abandon() = 0;
  /// False where nothing but an answer reaches the client.
  virtual bool can_send() const { return true; }
  /// Called once when the client has gone away, or has given this request up, before the answer.
  virtual void on_gone(std::function<void()> gone) = 0;
  virtual void close_stream(Millis /*retry*/) {}
  /// Where the client is, "ADDRESS:PORT"; "" where it is on this machine for certain.
  virtual std::string_view peer() const { return {}; }
};

/// Something that must give a sign of life now and then; it takes itself off the list.
class Pulse : public boost::intrusive::list_base_hook<
                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~Pulse() = default;
  virtual void beat() = 0;
};
using Pulses = boost::intrusive::list<Pulse, boost::intrusive::constant_time_size<false>>;

}  // namespace oap::mcp
