#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace oap::sandbox {

/// What a client of the proxy has asked for so far. Pure.
struct ProxyAsk {
  enum class State {
    kMore,     ///< not all there yet
    kGreeted,  ///< SOCKS5: `reply` is due, then the request follows
    kReady,
    kBad,  ///< `reply` says why
  };
  State state = State::kMore;
  enum class Kind { kConnect, kForward, kSocks } kind = Kind::kConnect;
  std::string host;
  std::uint16_t port = 0;
  std::string forward;       ///< kForward: what goes to the server before all else
  std::size_t consumed = 0;  ///< bytes of the input that this answers
  std::string reply;
};

/// Reads the beginning of a connection: CONNECT and absolute-form requests (RFC 9112 §3.2), SOCKS5
/// CONNECT without authentication (RFC 1928). `greeted`: the SOCKS5 greeting is over.
ProxyAsk read_ask(std::string_view bytes, bool greeted);

inline constexpr std::size_t kLargestAsk = 16u << 10;

/// The answer for a connection that was made, or that was not, and why.
std::string accept_reply(ProxyAsk::Kind kind);
std::string refuse_reply(ProxyAsk::Kind kind, bool denied, std::string_view why);

}  // namespace oap::sandbox
