#include "sandbox/proxy_wire.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace oap::sandbox {
namespace {

constexpr char kSocksVersion = 5;
constexpr unsigned char kSocksConnect = 1;
constexpr std::uint16_t kHttp = 80;

ProxyAsk bad(std::string_view why) {
  ProxyAsk ask;
  ask.state = ProxyAsk::State::kBad;
  ask.reply = fmt::format(
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
      "Content-Length: {}\r\n\r\n{}\n",
      why.size() + 1, why);
  return ask;
}

ProxyAsk bad_socks(char code) {
  ProxyAsk ask;
  ask.kind = ProxyAsk::Kind::kSocks;
  ask.state = ProxyAsk::State::kBad;
  ask.reply = std::string{kSocksVersion, code, 0, 1, 0, 0, 0, 0, 0, 0};
  return ask;
}

/// "host:port", "[v6]:port", or with `fallback` only a host.
bool split_authority(std::string_view text, ProxyAsk& ask, std::uint16_t fallback) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon == text.npos || (bracket != text.npos && bracket > colon)) {
    ask.host = text;
    ask.port = fallback;
    return fallback != 0 && !text.empty();
  }
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  ask.host = text.substr(0, colon);
  ask.port = static_cast<std::uint16_t>(port);
  return parsed.ec == std::errc() && parsed.ptr == end && port > 0 && port < 65536 &&
         !ask.host.empty();
}

bool is_hop_header(std::string_view line) {
  for (const std::string_view name : {"connection:", "proxy-connection:", "proxy-authorization:",
                                      "keep-alive:", "upgrade:", "te:"}) {
    if (line.size() >= name.size() &&
        std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
          return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
        })) {
      return true;
    }
  }
  return false;
}

/// The head in origin form, for one request on its connection.
std::string origin_form(std::string_view method, std::string_view path, std::string_view headers) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", method, path.empty() ? "/" : path);
  while (!headers.empty()) {
    const std::size_t end = std::min(headers.find("\r\n"), headers.size());
    const std::string_view line = headers.substr(0, end);
    if (!line.empty() && !is_hop_header(line)) {
      text += fmt::format("{}\r\n", line);
    }
    headers.remove_prefix(std::min(end + 2, headers.size()));
  }
  return text + "Connection: close\r\n\r\n";
}

ProxyAsk read_http(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) {
    return bytes.size() > kLargestAsk ? bad("the head of the request is too long") : ProxyAsk();
  }
  const std::string_view head = bytes.substr(0, end);
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  const bool clean = std::none_of(head.begin(), head.end(), [](char c) {
    return c == '\0' || static_cast<unsigned char>(c) == 0x7f;
  });
  if (!clean || first == line.npos || first == last || !line.substr(last).starts_with(" HTTP/1.")) {
    return bad("this proxy understands HTTP/1.1 and SOCKS5");
  }
  const std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  ProxyAsk ask;
  ask.consumed = end + 4;
  ask.state = ProxyAsk::State::kReady;
  if (method == "CONNECT") {
    return split_authority(target, ask, 0) ? ask : bad("CONNECT needs host:port");
  }
  constexpr std::string_view kScheme = "http://";
  if (!target.starts_with(kScheme)) {
    return bad("a proxy is asked with CONNECT or with a whole http:// URL");
  }
  target.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(target.find_first_of("/?#"), target.size());
  ask.kind = ProxyAsk::Kind::kForward;
  if (target.substr(0, slash).find('@') != target.npos ||
      !split_authority(target.substr(0, slash), ask, kHttp)) {
    return bad("the URL names no host");
  }
  ask.forward = origin_form(method, target.substr(slash),
                            head.substr(std::min(line.size() + 2, head.size())));
  return ask;
}

ProxyAsk read_socks(std::string_view bytes, bool greeted) {
  const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  ProxyAsk ask;
  ask.kind = ProxyAsk::Kind::kSocks;
  if (!greeted) {
    if (bytes.size() < 2 || bytes.size() < 2u + at(1)) {
      return ask;
    }
    const std::string_view methods = bytes.substr(2, at(1));
    const bool open = methods.find('\0') != methods.npos;
    ask.consumed = 2u + at(1);
    ask.state = open ? ProxyAsk::State::kGreeted : ProxyAsk::State::kBad;
    ask.reply = std::string{kSocksVersion, open ? '\0' : '\xff'};
    return ask;
  }
  if (bytes.size() < 5) {
    return ask;
  }
  const unsigned type = at(3);
  const std::size_t size = type == 1 ? 4 : type == 4 ? 16 : type == 3 ? 1u + at(4) : 0;
  if (at(1) != kSocksConnect) {
    return bad_socks(7);
  }
  if (size == 0) {
    return bad_socks(8);
  }
  if (bytes.size() < 4 + size + 2) {
    return ask;
  }
  if (type == 3) {
    ask.host = bytes.substr(5, at(4));
  } else {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(type == 1 ? AF_INET : AF_INET6, bytes.data() + 4, text, sizeof text);
    ask.host = text;
  }
  ask.port = static_cast<std::uint16_t>(at(4 + size) << 8 | at(5 + size));
  ask.consumed = 4 + size + 2;
  ask.state = ProxyAsk::State::kReady;
  return ask;
}

}  // namespace

ProxyAsk read_ask(std::string_view bytes, bool greeted) {
  if (bytes.empty()) {
    return {};
  }
  return bytes.front() == kSocksVersion ? read_socks(bytes, greeted) : read_http(bytes);
}

std::string accept_reply(ProxyAsk::Kind kind) {
  switch (kind) {
    case ProxyAsk::Kind::kConnect:
      return "HTTP/1.1 200 Connection established\r\n\r\n";
    case ProxyAsk::Kind::kSocks:
      return std::string{kSocksVersion, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    case ProxyAsk::Kind::kForward:
      return {};
  }
  return {};
}

std::string refuse_reply(ProxyAsk::Kind kind, bool denied, std::string_view why) {
  if (kind == ProxyAsk::Kind::kSocks) {
    return bad_socks(denied ? 2 : 4).reply;
  }
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
      "oap: {}\n",
      denied ? "403 Forbidden" : "502 Bad Gateway", why.size() + 6, why);
}

}  // namespace oap::sandbox
