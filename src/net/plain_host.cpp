#include "net/plain_host.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "text/strings.hpp"

namespace oap::net {
namespace {

using Bytes16 = std::array<std::uint8_t, 16>;

bool holds_v4(const Bytes16& address) {
  static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                           0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::array<std::uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b};
  return std::equal(kMapped.begin(), kMapped.end(), address.begin()) ||
         std::equal(kNat64.begin(), kNat64.end(), address.begin());
}

}  // namespace

std::string plain_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  std::string plain = text::lower_ascii(host);
  while (plain.ends_with('.')) {
    plain.pop_back();
  }
  std::array<char, INET6_ADDRSTRLEN> shown{};
  in_addr v4{};
  if (::inet_aton(plain.c_str(), &v4) == 1) {
    return ::inet_ntop(AF_INET, &v4, shown.data(), shown.size());
  }
  Bytes16 v6{};
  if (::inet_pton(AF_INET6, plain.c_str(), v6.data()) != 1) {
    return plain;
  }
  if (holds_v4(v6)) {
    return ::inet_ntop(AF_INET, v6.data() + 12, shown.data(), shown.size());
  }
  return ::inet_ntop(AF_INET6, v6.data(), shown.data(), shown.size());
}

}  // namespace oap::net
